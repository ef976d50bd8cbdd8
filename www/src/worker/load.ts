// Fetches and compiles the wasm module while counting its bytes. It does not instantiate it.

/** Uncompressed size, put here by build.mjs: a host that compresses announces another length. */
declare const WASM_BYTES: number;

type Progress = (stage: "download" | "compile", received: number, total: number) => void;

export async function compile(url: URL, progress: Progress): Promise<WebAssembly.Module> {
  if (typeof WebAssembly.compileStreaming === "function") {
    try {
      return await WebAssembly.compileStreaming(await download(url, progress));
    } catch (error) {
      // A TypeError: this engine takes no Response made by hand. Its body may be used up, so it is fetched again.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const bytes = await (await download(url, progress)).arrayBuffer();
  return WebAssembly.compile(bytes);
}

/** The module as a response that reports its bytes as they are read. */
async function download(url: URL, progress: Progress): Promise<Response> {
  const response = await fetch(url).catch(() => null);
  if (!response) throw new Error("The program could not be downloaded: the server does not answer.");
  if (!response.ok || !response.body) throw new Error(`The program could not be downloaded: the server answers ${response.status} for ${url.pathname}.`);

  let received = 0;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      received += chunk.byteLength;
      progress("download", received, WASM_BYTES);
      controller.enqueue(chunk);
    },
    flush: () => progress("compile", received, WASM_BYTES),
  });
  return new Response(response.body.pipeThrough(counter), { headers: { "Content-Type": "application/wasm" } });
}
