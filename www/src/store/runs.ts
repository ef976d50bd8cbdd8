// Runs that are kept by name: what is on the shelf, and what can be done with one. Whatever fails is said in one sentence and changes
// nothing.

import { batch, computed, signal } from "@preact/signals";
import { inSentence } from "../format";
import { pattern } from "../session/line";
import { asked, file, notice } from "../state";
import { Database } from "./database";
import { gather, goOn } from "./gather";
import { kept, type Kept } from "./kept";
import { apart, defaultName } from "./names";
import { readRun, written } from "./runfile";
import { keepSession } from "./resume";
import { headOf, MemoryShelf, newId, type Head, type Shelf } from "./shelf";

/** Why nothing outlives the page; null: it does. */
export const unstored = signal<string | null>(null);
/** Newest first; null: not known yet. A deleted one keeps its place for as long as it can be brought back. */
export const runs = signal<(Head & { deleted: boolean })[] | null>(null);
/** The last thing done, in a sentence. */
export const said = signal<{ text: string; wrong?: boolean } | null>(null);
/** Something is being read or written. */
export const busy = signal(false);

const database = new Database();
let shelf: Shelf = new MemoryShelf();
/** What undo puts back. */
const deleted = new Map<string, { head: Head; kept: Kept }>();

export const suggestedName = computed(() => defaultName(asked.value, file.value?.origin.name ?? null, names()));

const names = (): string[] => (runs.value ?? []).filter(({ deleted }) => !deleted).map(({ name }) => name);

/** Nothing here is waited for by the run that the page begins with. */
export async function startStore(): Promise<void> {
  try {
    await database.sweep();
    shelf = database;
    await keepSession(shelf);
  } catch (error) {
    unstored.value = (error as Error).message;
  }
  await list();
  // Another tab may have kept one meanwhile.
  document.addEventListener("visibilitychange", () => void (document.visibilityState === "visible" && list()));
}

async function list(): Promise<void> {
  try {
    const heads = (await shelf.heads()).filter(({ kind, id }) => kind === "run" && !deleted.has(id)).map((head) => ({ ...head, deleted: false }));
    const gone = [...deleted.values()].map(({ head }) => ({ ...head, deleted: true }));
    runs.value = [...heads, ...gone].sort((a, b) => b.saved - a.saved);
  } catch (error) {
    runs.value ??= [];
    said.value = { text: `The kept runs can’t be listed: ${(error as Error).message}.`, wrong: true };
  }
}

/** `doing`: "can’t be …". The sentence that `work` resolves to is said; null: none. */
async function attempt(doing: string, work: () => Promise<string | null>): Promise<void> {
  busy.value = true;
  said.value = null;
  try {
    const text = await work();
    said.value = text === null ? null : { text };
  } catch (error) {
    said.value = { text: `${doing}: ${inSentence((error as Error).message).replace(/\.$/, "")}.`, wrong: true };
  } finally {
    busy.value = false;
  }
  await list();
}

async function put(kept: Kept, name: string): Promise<void> {
  const id = newId();
  const named = { ...kept, record: { ...kept.record, name } };
  await shelf.write(headOf(id, "run", named), named);
  // Browsers ask, or decide by how much the page is used; either way only somebody who keeps something is concerned.
  if (shelf === database) void navigator.storage?.persist?.().catch(() => {});
}

/** The run on screen, as it is now. */
export const keep = (wanted: string): Promise<void> =>
  attempt("The run can’t be kept", async () => {
    const name = apart(wanted.trim() || suggestedName.value, names());
    const now = gather(name, await pattern(true));
    if (!now) throw new Error("there is no run yet");
    await put(now, name);
    return `Kept “${name}”.`;
  });

/** Rejects with a part of a sentence. */
export async function contentOf(id: string): Promise<Kept> {
  const content = await shelf.read(id);
  if (!content) throw new Error("it is not there any more: another tab has deleted it");
  return kept(content.record, content.parts);
}

/** Puts it on the page, at rest. What is on the page comes back with undo. */
export const open = (id: string): Promise<void> =>
  attempt("The run can’t be opened", async () => {
    const run = await contentOf(id);
    batch(() => goOn(run, false));
    return `Opened “${run.record.name}”. Undo (z) goes back.`;
  });

export const rename = (id: string, wanted: string): Promise<void> =>
  attempt("The run can’t be renamed", async () => {
    const now = runs.value?.find((run) => run.id === id);
    const name = wanted.trim().slice(0, 200);
    if (!now || name === "" || name === now.name) return null;
    await shelf.rename(id, apart(name, names()));
    return null;
  });

export const remove = (id: string): Promise<void> =>
  attempt("The run can’t be deleted", async () => {
    const head = runs.value?.find((run) => run.id === id);
    const content = await shelf.read(id);
    await shelf.remove(id);
    // One that can't be read can't be brought back either.
    if (head && content) deleted.set(id, { head, kept: content as Kept });
    return null;
  });

export const undoRemove = (id: string): Promise<void> =>
  attempt("The run can’t be brought back", async () => {
    const gone = deleted.get(id);
    if (!gone) return null;
    await shelf.write(gone.head, gone.kept);
    deleted.delete(id);
    return null;
  });

/** As one file; null: the run on screen. */
export async function exported(id: string | null): Promise<{ name: string; content: Blob } | null> {
  let made: { name: string; content: Blob } | null = null;
  await attempt("The run can’t be saved as a file", async () => {
    const run = id === null ? gather(suggestedName.value, await pattern(true)) : await contentOf(id);
    if (!run) throw new Error("there is no run yet");
    made = { name: fileName(run.record.name), content: await written(run) };
    return null;
  });
  return made;
}

/** What every file system takes. */
const fileName = (name: string): string => `${name.replace(/[^\p{L}\p{N} ._-]+/gu, "_").trim() || "run"}.tinylens`;

/** A run out of a file: kept, and, if `show`, put on the page. */
export async function imported(file: Blob, name: string, show: boolean): Promise<void> {
  let read: Kept;
  try {
    read = await readRun(file);
  } catch (error) {
    notice.value = { text: `${name} can’t be opened: ${(error as Error).message}` };
    return;
  }
  if (show) batch(() => goOn(read, false));
  await attempt(`${name} can’t be kept`, async () => {
    const own = apart(read.record.name || name, names());
    await put(read, own);
    return `Kept “${own}”, from ${name}.`;
  });
}
