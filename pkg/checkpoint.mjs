// Opens checkpoints, for both modules: `Model.fromCheckpoint` calls this. What reads files is a wasm module of its own, which is fetched when
// the first file is opened.
//
// Every file is read by a fresh instance. A file that makes the reader fail takes down that instance and nothing else; and the memory that
// a large one took goes with it, which no instance can give back.

import instance from "./reader/tinylens_reader.js";

/** Where the reader is; undefined: beside this script. */
let place;
/** A promise of the compiled module; null: it has not been asked for, or could not be loaded. */
let compiled = null;
/** One file after the other: two large ones may not fit into memory together. */
let last = Promise.resolve();

/** Where the reader's wasm is, or the reader itself; see checkpoint.d.mts. */
export function setReader(moduleOrPath) {
  place = moduleOrPath;
  compiled = null;
}

/** Loads the reader, if that has not been done. */
export async function loadReader() {
  await loaded();
}

/** `[record, parameters]` of a file, as crate/reader gives them. Rejects with a sentence. */
export function readCheckpoint(bytes, config) {
  const turn = last.then(() => read(bytes, config));
  last = turn.catch(() => {});
  return turn;
}

async function read(bytes, config) {
  if (!Array.isArray(bytes) && !(ArrayBuffer.isView(bytes) && bytes.BYTES_PER_ELEMENT === 1)) throw new Error("A checkpoint's bytes must be a Uint8Array.");
  const module_or_path = await loaded();
  const reader = instance();
  try {
    await reader({ module_or_path });
    return reader.open(bytes, config);
  } catch (error) {
    // The reader throws texts: what is wrong with the file. Whatever else is thrown was not meant to be.
    if (typeof error === "string") throw new Error(error);
    const why = String(error?.message ?? error).replace(/\s+/g, " ");
    throw new Error(`This file could not be read: the reader failed on it (${why}). Nothing else is affected.`);
  }
}

function loaded() {
  const loading = (compiled ??= load(place));
  return loading.catch((error) => {
    if (compiled === loading) compiled = null; // the next file asks again
    throw error;
  });
}

async function load(place = new URL("./reader/tinylens_reader_bg.wasm", import.meta.url)) {
  if (place instanceof WebAssembly.Module) return place;
  const bytes = typeof place === "string" || place instanceof URL ? await fetched(place) : place;
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new Error(`The reader of files could not be started: ${error.message}. Nothing else is affected.`);
  }
}

/** Not as a stream: some hosts do not say that it is wasm. */
async function fetched(place) {
  const missing = (why) => new Error(`The reader of files could not be downloaded: ${why}. Nothing else is affected; to try again, open the file again.`);
  // Node's `fetch` reads no files.
  if (place instanceof URL && place.protocol === "file:" && typeof process === "object") {
    const { readFile } = await import(/* @vite-ignore */ "node:fs/promises");
    return readFile(place).catch((error) => {
      throw missing(error.message);
    });
  }
  const response = await fetch(place).catch(() => null);
  if (!response) throw missing("the server does not answer");
  if (!response.ok) throw missing(`the server answers ${response.status} for ${new URL(response.url).pathname}`);
  return response.arrayBuffer().catch(() => {
    throw missing("the connection was lost");
  });
}
