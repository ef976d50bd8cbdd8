// A reader that fails at every file as crate/reader does when it panics: it throws the panic's message. It is a stand-in
// that is assembled here, so that nothing in the published module exists for tests.
import { readFile } from "node:fs/promises";

const MESSAGE = "panicked at crate/src/checkpoint/formats/read.rs:1:1: asked to panic";
/** Pages of memory, 64 KB each, for the file that the reader is given. */
const PAGES = 64;
/** Where that file is put: behind the message. */
const ROOM = 1024;

/** A number without a sign, in LEB128. */
const number = (n) => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...number(n >> 7)]);
/** A number of at least 0 where wasm expects one with a sign. */
const signed = (n) => (n < 0x40 ? [n] : [(n & 0x7f) | 0x80, ...signed(n >> 7)]);
/** Length and bytes of a text. */
const text = (string) => [...number(string.length), ...Buffer.from(string, "latin1")];
/** Length and items of a list. */
const list = (items) => [...number(items.length), ...items.flat()];
/** Number, length and bytes of a section. */
const section = (id, content) => [id, ...number(content.length), ...content];
const I32 = 0x7f;
/** The type of a function that takes and gives so many numbers. */
const type = (parameters, results) => [0x60, ...[parameters, results].flatMap((count) => list(Array(count).fill([I32])))];
/** The instruction that puts a number on the stack. */
const constant = (n) => [0x41, ...signed(n)];
/** The body of a function. */
const body = (...code) => {
  const whole = [0, ...code.flat(), 0x0b]; // no locals; end
  return [...number(whole.length), ...whole];
};

/** The module's bytes. */
export async function failingReader() {
  const real = await WebAssembly.compile(await readFile(new URL("../reader/tinylens_reader_bg.wasm", import.meta.url)));
  const thrower = WebAssembly.Module.imports(real).find(({ name }) => name.includes("__wbindgen_throw"));
  if (!thrower) throw new Error("The reader imports no function that throws.");
  // Function 0 is the imported one, which takes a text's address and length.
  const functions = [
    { name: "open", parameters: 4, results: 0, code: body(constant(0), constant(MESSAGE.length), [0x10, 0]) },
    { name: "__wbindgen_malloc", parameters: 2, results: 1, code: body(constant(ROOM)) },
    { name: "__wbindgen_realloc", parameters: 4, results: 1, code: body(constant(ROOM)) },
    { name: "__wbindgen_free", parameters: 3, results: 0, code: body() },
    { name: "__wbindgen_start", parameters: 0, results: 0, code: body() },
  ];
  const types = [type(2, 0), ...functions.map(({ parameters, results }) => type(parameters, results))];
  const exports = functions.map(({ name }, index) => [...text(name), 0, ...number(index + 1)]);
  return Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...text(thrower.module), ...text(thrower.name), 0, 0]])),
    ...section(3, list(functions.map((_, index) => number(index + 1)))),
    ...section(5, list([[0, ...number(PAGES)]])),
    ...section(7, list([[...text("memory"), 2, 0], ...exports])),
    ...section(10, list(functions.map(({ code }) => code))),
    ...section(11, list([[0, ...constant(0), 0x0b, ...text(MESSAGE)]])),
  ]);
}
