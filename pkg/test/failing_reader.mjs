// A reader that fails at every file as crate/reader does when it panics: it throws the panic's message. It is the
// published module with another body of `open`, so that nothing in what is published exists for tests.
import { readFile } from "node:fs/promises";

const MESSAGE = "panicked at crate/src/checkpoint/model/open.rs:1:1: asked to panic";
/** Where the message is put in memory: at the far end of the stack, which no call gets to. */
const ADDRESS = 16;
const [EXPORTS, CODE, DATA, DATA_COUNT] = [7, 10, 11, 12];

/** A number of at least 0 in LEB128. */
const number = (n) => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...number(n >>> 7)]);
/** A number of at least 0 where wasm expects one that may be negative. */
const signed = (n) => (n < 0x40 ? [n] : [(n & 0x7f) | 0x80, ...signed(n >>> 7)]);
/** Bytes with their length before them. */
const sized = (bytes) => Buffer.from([...number(bytes.length), ...bytes]);
/** The instruction that puts a number on the stack. */
const constant = (n) => [0x41, ...signed(n)];

/** Reads numbers and pieces of bytes, one after the other. */
function reading(bytes) {
  let at = 0;
  const number = () => {
    for (let n = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80) return n;
    }
  };
  const take = (length) => bytes.subarray(at, (at += length));
  return { number, take, sized: () => take(number()), rest: () => bytes.subarray(at), done: () => at >= bytes.length };
}

/** The sections of a module: number and contents. */
function sections(bytes) {
  const input = reading(bytes.subarray(8)); // behind the magic number and the version
  const found = [];
  while (!input.done()) found.push([input.take(1)[0], input.sized()]);
  return found;
}

/** The module's bytes. */
export async function failingReader() {
  const bytes = await readFile(new URL("../reader/tinylens_reader_bg.wasm", import.meta.url));
  const module = await WebAssembly.compile(bytes);
  const imported = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function");
  const thrower = imported.findIndex(({ name }) => name.includes("__wbindgen_throw"));
  if (thrower < 0) throw new Error("The reader imports no function that throws a text.");

  const found = sections(bytes);
  const contents = (id) => found.find(([number]) => number === id)[1];
  const exported = reading(contents(EXPORTS));
  let open;
  for (let left = exported.number(); left > 0 && open === undefined; left--) {
    const [name, [kind], index] = [exported.sized(), exported.take(1), exported.number()];
    if (name.toString() === "open" && kind === 0) open = index - imported.length;
  }
  if (open === undefined) throw new Error("The reader does not export open.");

  const code = reading(contents(CODE));
  const bodies = Array.from({ length: code.number() }, () => sized(code.sized()));
  // No locals; the call; unreachable, so that no result is missing; end.
  bodies[open] = sized([0, ...constant(ADDRESS), ...constant(MESSAGE.length), 0x10, ...number(thrower), 0x00, 0x0b]);
  const data = reading(contents(DATA));
  const segments = data.number() + 1;
  const message = Buffer.from([0, ...constant(ADDRESS), 0x0b, ...sized(Buffer.from(MESSAGE))]);
  const changed = new Map([
    [CODE, Buffer.concat([Buffer.from(number(bodies.length)), ...bodies])],
    [DATA, Buffer.concat([Buffer.from(number(segments)), data.rest(), message])],
    [DATA_COUNT, Buffer.from(number(segments))],
  ]);
  const written = found.map(([id, old]) => [Buffer.from([id]), sized(changed.get(id) ?? old)]);
  return Buffer.concat([bytes.subarray(0, 8), ...written.flat()]);
}
