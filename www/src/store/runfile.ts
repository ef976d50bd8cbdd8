// A kept run as one file, `.tinylens`; docs/runs.md describes it. Reading trusts nothing: every size is checked before anything is
// read by it, and what is damaged or foreign is refused in a sentence. Weights are
// written as they lie in memory: where there are browsers, that is little-endian.

import { crc32 } from "./crc";
import { kept, runRecord, VERSION, type Kept } from "./kept";
import { list, Misshapen, object, oneOf, whole } from "./shape";

const MAGIC = "TINYLENS";
/** Magic, version, length of the header, checksum of both of these and of everything that follows. */
const PREFIX = 20;
const MOST_HEADER = 32 * 2 ** 20;
/** Bytes of a file that is read at all. */
export const MOST = 2 ** 30;
/** Bytes that are checked at a time. */
const PIECE = 2 ** 22;

const PARTS = ["state", "pattern", "file"] as const;
const header = object({ parts: list(object({ name: oneOf(...PARTS), bytes: whole(0, MOST) }), PARTS.length), run: (value) => value });

export async function isRunFile(file: Blob): Promise<boolean> {
  return new TextDecoder().decode(await file.slice(0, MAGIC.length).arrayBuffer()) === MAGIC;
}

export async function written({ record, parts }: Kept): Promise<Blob> {
  const { state, pattern } = parts;
  const bodies: [(typeof PARTS)[number], BlobPart | null, number][] = [
    ["state", state as BlobPart | null, state?.byteLength ?? 0],
    ["pattern", pattern as BlobPart | null, pattern?.byteLength ?? 0],
    ["file", parts.file, parts.file?.size ?? 0],
  ];
  const there = bodies.filter(([, body]) => body !== null);
  // Through the reader: the same run makes the same bytes, and what is written can be read.
  const run = runRecord(JSON.parse(JSON.stringify(record)), "run");
  const json = new TextEncoder().encode(JSON.stringify({ parts: there.map(([name, , bytes]) => ({ name, bytes })), run }));
  const content = new Blob([json, ...there.map(([, body]) => body!)]);
  const prefix = new DataView(new ArrayBuffer(PREFIX));
  new TextEncoder().encodeInto(MAGIC, new Uint8Array(prefix.buffer));
  prefix.setUint32(8, VERSION, true);
  prefix.setUint32(12, json.length, true);
  prefix.setUint32(16, await checksum(prefix, content), true);
  return new Blob([prefix.buffer, content]);
}

/** Throws an error whose message goes on after "can’t be opened: ". */
export async function readRun(file: Blob): Promise<Kept> {
  if (file.size > MOST) throw new Error(`it has more than ${MOST / 2 ** 20} MB, which is the most for a kept run.`);
  if (file.size < PREFIX || !(await isRunFile(file))) throw new Error("it is not a run that Tinylens has saved.");
  const prefix = new DataView(await file.slice(0, PREFIX).arrayBuffer());
  const version = prefix.getUint32(8, true);
  if (version < 1 || version > VERSION) throw new Error(`it is a kept run of version ${version}, and this page reads up to version ${VERSION}: a newer Tinylens has written it.`);
  const length = prefix.getUint32(12, true);
  const content = file.slice(PREFIX);
  if (length > Math.min(MOST_HEADER, content.size)) throw new Error("it is cut short or damaged: its header is longer than the file.");
  if ((await checksum(prefix, content)) !== prefix.getUint32(16, true)) throw new Error("it is cut short or damaged: its checksum does not fit.");
  try {
    const { parts, run } = header(JSON.parse(await content.slice(0, length).text()), "header");
    const found = new Map<string, Blob>();
    let start = length;
    for (const { name, bytes } of parts) {
      if (found.has(name)) throw new Misshapen(`header.parts must name ${name} once`);
      found.set(name, content.slice(start, start + bytes));
      start += bytes;
    }
    if (start !== content.size) throw new Misshapen("header.parts must fill the file");
    const bytesOf = async (name: string) => found.get(name)?.arrayBuffer() ?? null;
    // All is read once and kept: the file on the disk may change or go.
    const [state, pattern, opened] = [await bytesOf("state"), await bytesOf("pattern"), await bytesOf("file")];
    if (pattern && pattern.byteLength % 4 !== 0) throw new Misshapen("header.parts must give the pattern four bytes a weight");
    return kept(run, { state: state && new Uint8Array(state), pattern: pattern && new Float32Array(pattern), file: opened && new Blob([opened]) });
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error("its header is not JSON.");
    if (error instanceof Misshapen) throw new Error(`its record makes no sense here: ${error.message}.`);
    throw error;
  }
}

async function checksum(prefix: DataView, content: Blob): Promise<number> {
  let crc = crc32(new Uint8Array(prefix.buffer, 8, 8));
  for (let start = 0; start < content.size; start += PIECE) crc = crc32(new Uint8Array(await content.slice(start, start + PIECE).arrayBuffer()), crc);
  return crc;
}
