// Where the rest of the program is. On a host: files beside the page, which workers are started from and load a module from. In
// tinylens.html, which has nothing beside it: in the page itself, put there by build/single.mjs. Nobody else knows the difference.
//
// The program comes twice: for the CPU alone, which is a third of the size, and with WebGPU. Every visit starts with the former.
//
// A page on a disk has an origin of its own that nothing else belongs to. Its workers are started from blobs, and can fetch nothing:
// the page unpacks and compiles a module for them, and hands it over as it does when a worker has to be replaced.

import { signal } from "@preact/signals";
import type { Program } from "./protocol";

type Files = { worker: string; module: string };

/** Put here by build.mjs. `webgpu` is null while `cargo xtask serve` is still building that program. */
declare const PROGRAM_FILES: { cpu: Files; webgpu: Files | null }, READER_FILE: string, COMPARER_FILE: string;

/** What the page holds under the name of a file. Taken out: it is large, and of no more use there. */
function held(name: string): string | null {
  const element = document.getElementById(name);
  element?.remove();
  return element && element.textContent;
}

function script(name: string): string {
  const text = held(name);
  return text === null ? name : URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

async function compile(packed: string): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

/** Addresses for `new Worker`. The one of a program that is still being built is empty. */
export const WORKERS: Record<Program, string> = { cpu: script(PROGRAM_FILES.cpu.worker), webgpu: PROGRAM_FILES.webgpu ? script(PROGRAM_FILES.webgpu.worker) : "" };
export const COMPARER = script(COMPARER_FILE);

/** Whether the page holds everything. */
export const alone = document.getElementById(PROGRAM_FILES.cpu.module) !== null;

/** A module, where the page holds it; null: workers load it. To be asked for once. */
export const compiled = (program: Program): Promise<WebAssembly.Module> | null => unpacked(PROGRAM_FILES[program]?.module ?? "");

/** The same of what opens files: a module of its own, which either program loads when the first file is opened. */
export const reader = (): Promise<WebAssembly.Module> | null => unpacked(READER_FILE);

function unpacked(name: string): Promise<WebAssembly.Module> | null {
  const packed = held(name);
  return packed === null ? null : compile(packed);
}

/** Whether the program with WebGPU is still being built. */
export const coming = signal(PROGRAM_FILES.webgpu === null);

/** Milliseconds between two looks at whether it is built. */
const LOOK_EVERY = 1000;

/** Resolves when the program with WebGPU is there. */
export const webgpuBuilt: Promise<void> = coming.value ? built() : Promise.resolve();

async function built(): Promise<void> {
  for (;;) {
    await new Promise((done) => setTimeout(done, LOOK_EVERY));
    // Null until then. The server may have been stopped, and may come back.
    const files: Files | null = await fetch("webgpu.json", { cache: "no-store" }).then((answer) => answer.json(), () => null).catch(() => null);
    if (!files) continue;
    WORKERS.webgpu = files.worker;
    coming.value = false;
    return;
  }
}
