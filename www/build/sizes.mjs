// What the files weigh on the way to a visitor, as a table, and whether that is within the budget.

import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

const WAYS = { gzip: (contents) => promisify(gzip)(contents, { level: 9 }), brotli: promisify(brotliCompress) };

const spell = (bytes) => bytes?.toLocaleString("en") ?? "–";

/**
 * Prints the table; resolves to a sentence for every file above its budget. `budget`: for names without their hash, the most bytes
 * by each way. Only a module that is published is measured: brotli takes half a minute for it.
 */
export async function report(files, { published, budget }) {
  const measured = (name) => name !== "tinylens.html" && (published || !name.endsWith(".wasm"));
  const weigh = async ([name, contents]) => {
    const sizes = {};
    if (measured(name)) await Promise.all(Object.entries(WAYS).map(async ([way, pack]) => (sizes[way] = (await pack(contents)).length)));
    return { name, bytes: contents.length, sizes };
  };
  const weighed = await Promise.all([...files].filter(([name]) => !name.endsWith(".map")).sort().map(weigh));

  const cells = [["file", "bytes", "gzip", "brotli"], ...weighed.map(({ name, bytes, sizes }) => [name, spell(bytes), spell(sizes.gzip), spell(sizes.brotli)])];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) console.log(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ")}`);

  return weighed.flatMap(({ name, sizes }) => {
    const plain = name.replace(/-\w{8}(?=\.\w+$)/, "");
    return Object.entries(budget[plain] ?? {})
      .filter(([way, most]) => sizes[way] > most)
      .map(([way, most]) => `${plain} is too large: ${spell(sizes[way])} bytes with ${way}, and the budget is ${spell(most)}. Make it smaller, or, if it is worth that to every visitor, raise the budget in www/budget.json.`);
  });
}
