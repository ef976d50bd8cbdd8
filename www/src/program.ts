// Where the rest of the program is. On a host: files beside the page, which workers are started from and load the module from. In
// tinylens.html, which has nothing beside it: in the page itself, put there by build/single.mjs. Nobody else knows the difference.
//
// A page on a disk has an origin of its own that nothing else belongs to. Its workers are started from blobs, and can fetch nothing:
// the page unpacks and compiles the module for them, and hands it over as it does when a worker has to be replaced.

/** Put here by build.mjs. */
declare const WORKER_FILE: string, COMPARER_FILE: string, WASM_FILE: string;

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

const packed = held(WASM_FILE);

/** Addresses for `new Worker`. */
export const WORKER = script(WORKER_FILE);
export const COMPARER = script(COMPARER_FILE);

/** The module, where the page holds it; null: workers load it. */
export const compiled: Promise<WebAssembly.Module> | null = packed === null ? null : compile(packed);
