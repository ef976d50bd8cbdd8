// The worker's entry: loads the module, answers at once what needs no run, and hands everything else to the trainer. It
// also sees to it that no failure stays in here: whatever is thrown is the worker's last word to the page.

import init, { checkExperiment, onFatal, settings } from "tinylens";
import { setReader } from "tinylens/checkpoint.mjs";
import type { FatalCause, FromWorker, ToWorker } from "./protocol";
import { Lab } from "./worker/lab";
import { Links } from "./worker/link";
import { crewFor, help, type Help } from "./worker/crew";
import { compile } from "./worker/load";
import { Pictures } from "./worker/picture";
import { Trainer } from "./worker/trainer";
import type { Checked } from "./sorter";

/** Beside this script; put here by build.mjs. */
declare const WASM_FILE: string, READER_FILE: string;

// The worker's scope has a port's methods; the window's types, which this project is checked with, do not know it.
const scope = self as unknown as MessagePort;
const post = (message: FromWorker, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

const pictures = new Pictures(
  (name, height) => post({ type: "height", name, height }),
  (pointed) => post({ type: "pointed", ...pointed }),
  (tiles) => post({ type: "tiles", tiles }),
);
let program: WebAssembly.Module | null = null;
const trainer = new Trainer(post, pictures, (run) => program && crewFor(run, program));
const lab = new Lab(post, trainer);
const links = new Links(post, trainer);

/** Milliseconds. */
const REASON_WAIT = 500;

let dead = false;
/** This worker is another one's helper, and only that. */
let helping = false;
/** Questions that came before the module was there to answer them. */
let early: (() => void)[] | null = [];

function die(cause: FatalCause, message: string): void {
  if (dead) return;
  dead = true;
  post({ type: "fatal", cause, message });
}

function dieOf(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  die(error instanceof WebAssembly.RuntimeError ? "panic" : "error", message);
}

self.addEventListener("error", (event) => {
  if (helping) return; // its crew hears of it
  event.preventDefault();
  dieOf(event.error ?? event.message);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  dieOf(event.reason);
});

self.addEventListener("message", ({ data }: MessageEvent<ToWorker | Help>) => {
  if (dead || helping) return;
  switch (data.type) {
    case "help":
      helping = true;
      return help(data, scope);
    case "load":
      hold(data.lock);
      setReader(data.reader ?? new URL(READER_FILE, self.location.href));
      void load(data.module);
      return;
    case "try":
      return void trainer.try(data.device, data.experiment);
    case "canvas":
      return pictures.canvas(data.name, data.canvas, data.view);
    case "view":
      pictures.view(data.name, data.view);
      return trainer.wake();
    case "point":
      return pictures.point(data.name, data.at);
    case "focus":
      return pictures.pointAt(data.focus);
    case "table":
      return trainer.setTable(data.of);
    case "measure":
      return void lab.measure(data);
    case "measureNoMore":
      return lab.stop();
    case "check": {
      const { request, experiment } = data;
      const answer = () => post({ type: "checked", request, ...(checkExperiment(experiment) as Checked) });
      return void (early ? early.push(answer) : answer());
    }
    case "link": {
      const { request, question } = data;
      const answer = () => void links.answer(request, question);
      return void (early ? early.push(answer) : answer());
    }
    default:
      return trainer.command(data);
  }
});

/** Never lets go: the lock is free again only when this worker is gone. (It also keeps Chromium from freezing the tab.) */
function hold(lock: string): void {
  const held = navigator.locks?.request(lock, () => {
    post({ type: "holding" });
    return new Promise(() => {});
  });
  held?.catch(() => {}); // a page from a disk or in a sandbox may hold none
}

async function load(compiled: WebAssembly.Module | null): Promise<void> {
  try {
    let last = 0;
    const module =
      compiled ??
      (await compile(new URL(WASM_FILE, self.location.href), (stage, received, total) => {
        // A chunk may be 64 KB: a few hundred of them, of which the page can show some.
        if (stage === "download" && performance.now() - last < 50) return;
        last = performance.now();
        post(stage === "download" ? { type: "loading", stage, received, total } : { type: "loading", stage });
      }));
    await init({ module_or_path: module });
    program = module;
    onFatal(die);
    // The page shows sorters only so far.
    post({ type: "ready", module, settings: settings().map((row) => (row.path === "task.name" ? { ...row, choices: ["sort"] } : row)) });
  } catch (error) {
    return die("load", error instanceof Error ? error.message : String(error));
  }
  early?.forEach((answer) => answer());
  early = null;
  pictures.start();
  try {
    await trainer.work();
  } catch (error) {
    // When a device is lost, what was under way on it fails first, for no clear reason; the reason comes a moment later.
    if (!(error instanceof WebAssembly.RuntimeError)) await new Promise((resolve) => setTimeout(resolve, REASON_WAIT));
    dieOf(error);
  }
}
