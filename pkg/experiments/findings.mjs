// Runs the ready comparisons and writes the tables of docs/findings.md between its markers:
//
//     node pkg/experiments/findings.mjs [seeds] [steps] [threads]        (8 seeds, 3000 steps, as many threads as cores)
//
// The CPU device is deterministic, so that the tables come out the same everywhere, whatever the number of threads.
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

import { COMPARISONS, jobs, measure, summarise } from "../compare.mjs";

const LISTS = 2000;

if (isMainThread) await main();
else await worker();

async function worker() {
  const { default: init, openDevice } = await import("../tinylens.js");
  await init();
  const device = await openDevice("cpu");
  parentPort.on("message", async ({ job, steps }) => parentPort.postMessage(await measure(job, device, { steps, lists: LISTS })));
}

async function main() {
  const [count = 8, steps = 3000, threads = availableParallelism()] = process.argv.slice(2).map(Number);
  const seeds = [42, ...Array.from({ length: count - 1 }, (_, i) => i + 1)];
  // Arms that several comparisons share are trained once.
  const all = new Map();
  for (const { arms } of COMPARISONS) for (const arm of arms) all.set(JSON.stringify(arm.experiment), arm);
  const distinct = [...all.values()];
  const results = await pool(jobs(distinct, seeds), steps, threads);
  const index = (arm) => distinct.findIndex((other) => JSON.stringify(other.experiment) === JSON.stringify(arm.experiment));
  const sections = COMPARISONS.map(({ title, arms }) => {
    const own = arms.flatMap((arm, number) => results.filter((result) => result.arm === index(arm)).map((result) => ({ ...result, arm: number })));
    return table(title, arms, summarise(own, arms.length));
  });
  const file = new URL("../../docs/findings.md", import.meta.url);
  const text = await readFile(file, "utf8");
  const [before, after] = [text.indexOf("<!-- tables -->"), text.indexOf("<!-- end of tables -->")];
  const made = `<!-- tables -->\n\n${count} seeds an arm, ${steps} steps, ${LISTS} lists. Mean over seeds, least and most in brackets.\n\n${sections.join("\n")}\n`;
  await writeFile(file, text.slice(0, before) + made + text.slice(after));
}

/** Every job's measurements, in the order of the jobs. */
async function pool(list, steps, threads) {
  const results = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(threads, list.length) }, async () => {
      const thread = new Worker(new URL(import.meta.url));
      while (next < list.length) {
        const number = next++;
        thread.postMessage({ job: list[number], steps });
        results[number] = await new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
        thread.removeAllListeners("error");
        console.log(`${results.filter(Boolean).length} of ${list.length}: arm ${list[number].arm}, seed ${list[number].seed}, lists right ${results[number].values.lists}`);
      }
      await thread.terminate();
    }),
  );
  return results;
}

function table(title, arms, rows) {
  const cell = ({ mean, least, most }) => `${mean.toFixed(3)} [${least.toFixed(3)}, ${most.toFixed(3)}]`;
  const head = ["", ...arms.map((arm) => arm.name)];
  const lines = rows.filter(({ arms }) => arms.every(({ values }) => values.length > 0)).map(({ label, arms }) => [label, ...arms.map(cell)]);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return `### ${title}\n\n${[row(head), row(head.map(() => "---")), ...lines.map(row)].join("\n")}\n`;
}
