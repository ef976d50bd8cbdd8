// What becomes of an error in this worker. A plain one leaves everything as it was, and is answered with a sentence; Wasm's own is the end
// of the module, and goes on its way.

export function refusal(error: unknown): { error: string } {
  if (error instanceof WebAssembly.RuntimeError) throw error;
  return { error: error instanceof Error ? error.message : String(error) };
}
