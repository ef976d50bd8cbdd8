// Files on their way in: dropped anywhere on the page or chosen with the button. A run that was kept as a file is told by its
// content. What is wrong with a file before it is read as a checkpoint is said here; what is wrong with the checkpoint, the worker says.

import { signal } from "@preact/signals";
import { count } from "./format";
import { openFile } from "./session";
import { arriving, notice } from "./state";
import { isRunFile } from "./store/runfile";
import { imported } from "./store/runs";

const MB = 1024 * 1024;
/** The crate's: `checkpoint::LIMIT`. */
const LIMIT = 256 * MB;

/** A file is held over the page. */
export const hovering = signal(false);

let newest = 0;

/** The last one asked for wins, however long an earlier one takes to be read. */
export async function take(files: ArrayLike<File>): Promise<void> {
  const [file] = Array.from(files);
  if (!file) return;
  const { name, size } = file;
  if (files.length > 1) return refuse(`${files.length} files were dropped, and one can be opened at a time: drop one checkpoint.`);
  const mine = ++newest;
  // A folder can't be read; that is said below.
  if (await isRunFile(file).catch(() => false)) return mine === newest ? imported(file, name, true) : undefined;
  if (size > LIMIT) return refuse(`${name} can’t be opened: it has ${count(Math.ceil(size / MB))} MB, and files of up to ${LIMIT / MB} MB are read.`);

  arriving.value = { name, size, stage: "reading" };
  // Read once and kept: the file on the disk may change or go, and what is shown must not.
  const bytes = await file.arrayBuffer().catch(() => null);
  if (mine !== newest) return;
  arriving.value = null;
  if (!bytes) return refuse(`${name} can’t be opened: the browser could not read it; it may be a folder, or have been moved or changed.`);
  if (bytes.byteLength === 0) return refuse(`${name} can’t be opened: it is empty.`);
  openFile({ kind: "file", name, bytes: new Blob([bytes]), model: {}, task: {}, train: {} });
}

function refuse(text: string): void {
  notice.value = { text };
}

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
/** Text may be dragged into a field, as everywhere. */
const isForField = (event: DragEvent): boolean => !holdsFiles(event) && event.target instanceof Element && event.target.closest("input, textarea") !== null;

export function listenToDrops(): void {
  addEventListener("dragover", (event) => {
    hovering.value = holdsFiles(event);
    if (!isForField(event)) event.preventDefault(); // else the browser would show the file in the page's place
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) hovering.value = false; // out of the window, not from one element to the next
  });
  addEventListener("drop", (event) => {
    hovering.value = false;
    if (isForField(event)) return;
    event.preventDefault();
    const files = event.dataTransfer?.files;
    if (files?.length) void take(files);
    else refuse("What was dropped is text, not a file: drop a checkpoint’s file, or choose one with “Open a checkpoint…”.");
  });
}
