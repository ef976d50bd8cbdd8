// A reader that panics at every file, for tests: its exports `open` and `fail` (crate/reader) have changed names.
import { readFile } from "node:fs/promises";

export async function failingReader() {
  const bytes = await readFile(new URL("../reader/tinylens_reader_bg.wasm", import.meta.url));
  // As the export section has a name: its length, the text, and 0 for a function.
  const at = ["open", "fail"].map((name) => {
    const entry = Buffer.from(`\x04${name}\0`, "latin1");
    if (bytes.indexOf(entry) < 0 || bytes.indexOf(entry) !== bytes.lastIndexOf(entry)) throw new Error(`The reader does not export ${name} once.`);
    return bytes.indexOf(entry) + 1;
  });
  bytes.write("fail", at[0], "latin1");
  bytes.write("open", at[1], "latin1");
  return bytes;
}
