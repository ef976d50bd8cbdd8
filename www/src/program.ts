// Where the rest of the program is. On a host: files beside the page, which workers are started from and load a module from. In
// tinylens.html, which has nothing beside it: in the page itself, put there by build/single.mjs. Nobody else knows the difference.
//
// The program comes twice: for the CPU alone, which is a third of the size, and with WebGPU. Every visit starts with the former.
//
// A page on a disk has an origin of its own that nothing else belongs to. Its workers are started from blobs, and can fetch nothing:
// the page unpacks and compiles a module for them, and hands it over as it does when a worker has to be replaced.

import type { Program } from "./protocol";

/** Put here by build.mjs. */
declare const PROGRAM_FILES: Record<Program, { worker: string; module: string }>, READER_FILE: string, COMPARER_FILE: string;

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

/** Addresses for `new Worker`. */
export const WORKERS: Record<Program, string> = { cpu: script(PROGRAM_FILES.cpu.worker), webgpu: script(PROGRAM_FILES.webgpu.worker) };
export const COMPARER = script(COMPARER_FILE);

/** Whether the page holds everything. */
export const alone = document.getElementById(PROGRAM_FILES.cpu.module) !== null;

/** A module, where the page holds it; null: workers load it. To be asked for once. */
export const compiled = (program: Program): Promise<WebAssembly.Module> | null => unpacked(PROGRAM_FILES[program].module);

/** The same of what opens files: a module of its own, which either program loads when the first file is opened. */
export const reader = (): Promise<WebAssembly.Module> | null => unpacked(READER_FILE);

function unpacked(name: string): Promise<WebAssembly.Module> | null {
  const packed = held(name);
  return packed === null ? null : compile(packed);
}
