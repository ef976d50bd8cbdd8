// `cargo xtask bench`: Tinylens in Node and in Chromium, and PyTorch beside it, in one run on one machine. docs/benchmarks.md.

import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import init, * as tinylens from "../tinylens.js";
import { Chromium } from "./chromium.mjs";
import { endure } from "./endurance.mjs";
import { experimentOf, FIRST, machine, Meter, MODELS, report, survey } from "./measure.mjs";
import { PyTorch } from "./pytorch.mjs";
import { endurance, markdown, text } from "./tables.mjs";

const USAGE = `cargo xtask bench [options]
  --only W1,W2        these models (${MODELS.map(({ id }) => id).join(", ")})
  --rounds N          interleaved rounds that count (5)
  --ms N              milliseconds of each measurement (500)
  --python PROGRAM    a Python that has torch (the variable PYTHON, else python3)
  --json FILE         the same and more, for programs
  --readme            puts the table into README.md
  --endurance [N]     instead: N steps of W2 (100000), memory and speed in bins`;

/** Ends with a sentence, and the usage. */
function refuse(message) {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        only: { type: "string", default: MODELS.map(({ id }) => id).join(",") },
        rounds: { type: "string", default: "5" },
        ms: { type: "string", default: "500" },
        python: { type: "string", default: process.env.PYTHON || "python3" },
        json: { type: "string" },
        readme: { type: "boolean", default: false },
        endurance: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

const { values, positionals } = options();

function whole(text, name, most) {
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most) refuse(`${name} is ${text}; it must be a whole number from 1 to ${most}.`);
  return Number(text);
}

if (values.help) {
  console.log(USAGE);
  process.exit();
}
const wasm = await init();

const facts = () => ({ ...machine(), userAgent: `Node.js ${process.versions.node}`, cpu: cpus()[0].model, hardwareConcurrency: availableParallelism() });

async function compare() {
  const models = MODELS.map(({ id }) => id).filter((id) => values.only.split(",").includes(id));
  if (models.length === 0 || models.length !== values.only.split(",").length) refuse(`--only is ${values.only}; it must be some of ${MODELS.map(({ id }) => id).join(",")}.`);
  if (values.readme && models.length < MODELS.length) refuse("--readme needs all models.");
  const plan = { models, rounds: whole(values.rounds, "--rounds", 1000), warmUps: 1, ms: whole(values.ms, "--ms", 60_000) };
  const here = { ...facts(), load: loadavg()[0] };
  if (here.load > 0.5) console.log(`The machine is busy (a load of ${here.load.toFixed(1)}): what follows is lower than it could be, PyTorch's most of all, whose threads wait for each other.`);

  const device = await tinylens.openDevice("cpu");
  const entrants = [Object.assign({ id: "node cpu", name: `Tinylens, Node ${process.versions.node.split(".")[0]}, CPU`, device: "cpu", description: device.description }, methods(new Meter(tinylens, device)))];
  const open = [];
  /** What is not there is said, and the others go on. */
  const optional = async (name, work) => {
    try {
      await work();
    } catch (error) {
      console.log(`Without ${name}: ${error.message.split("\n")[0]}`);
    }
  };
  await optional("Chromium", async () => {
    const browser = await Chromium.open();
    open.push(browser);
    const found = await browser.machine();
    here.browser = found;
    entrants.push(await browser.entrant("cpu", found.adapter));
    await optional("WebGPU", async () => {
      if (found.adapter.why) throw new Error(found.adapter.why);
      entrants.push(await browser.entrant("webgpu", found.adapter));
    });
  });
  await optional("PyTorch", async () => {
    const whole = Object.fromEntries(models.map((id) => [id, tinylens.checkExperiment(experimentOf(id)).experiment]));
    const torch = await PyTorch.open(values.python, whole, FIRST);
    open.push(torch);
    here.pytorch = { version: torch.facts.torch, threads: torch.facts.threads, cuda: torch.facts.cuda };
    entrants.push(...torch.entrants());
  });

  const tty = process.stdout.isTTY;
  const onProgress = (done, of) => tty && process.stdout.write(`\r  ${done} of ${of} measurements`);
  const rows = await survey(entrants, plan, { onProgress });
  if (tty) process.stdout.write("\r\x1b[K");
  for (const one of open) await one.close();

  const found = report({ version: tinylens.version(), machine: here, plan, rows, complete: rows.every(({ why }) => !why) });
  console.log(text(found));
  if (values.readme) {
    if (!here.pytorch || rows.some(({ why, software }) => why && !software)) throw new Error("README.md stays as it is: a row is missing or failed.");
    await intoReadme(markdown(found));
  }
  return found;
}

const methods = (meter) => ({ train: (...given) => meter.train(...given), sample: (...given) => meter.sample(...given) });

const MARKS = ["<!-- cargo xtask bench --readme -->", "<!-- end -->"];

async function intoReadme(section) {
  const file = new URL("../../README.md", import.meta.url);
  const readme = await readFile(file, "utf8");
  const [before, rest] = readme.split(MARKS[0]);
  const after = rest?.split(MARKS[1])[1];
  if (after === undefined) throw new Error(`README.md has no place for the table: a line ${MARKS[0]}, and further down a line ${MARKS[1]}.`);
  await writeFile(file, `${before}${MARKS[0]}\n${section}\n${MARKS[1]}${after}`);
}

async function last() {
  const steps = whole(positionals[0] ?? "100000", "--endurance", 4_000_000);
  const run = await tinylens.Run.create(experimentOf("W2"), await tinylens.openDevice("cpu"));
  const curve = await endure(run, wasm.memory, { steps, bins: Math.min(20, steps), onBin: ({ steps: done }) => process.stdout.isTTY && process.stdout.write(`\r  ${done} of ${steps} steps`) });
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  console.log(`W2 on the CPU in Node:\n${endurance(curve)}`);
  return { what: "Tinylens endurance: W2 on the CPU in Node", version: tinylens.version(), date: new Date().toISOString(), machine: facts(), curve };
}

const found = values.endurance ? await last() : await compare();
if (values.json) await writeFile(values.json, `${JSON.stringify(found, null, 2)}\n`);
