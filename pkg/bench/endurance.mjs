// A long run of one model: does it stay as fast as it was, and in the memory that it had?

/**
 * Trains `steps` steps, in `bins` equal parts. Of each: the steps until its end, steps a second, the slowest call's milliseconds a step,
 * and bytes of the module's memory at its end. `memory`: the module's WebAssembly.Memory.
 */
export async function endure(run, memory, { steps, bins, onBin = () => {} }) {
  const each = Math.round(steps / bins);
  const call = Math.min(50, each);
  const curve = [];
  for (let bin = 0; bin < bins; bin++) {
    let [done, spent, slowest] = [0, 0, 0];
    while (done < each) {
      const n = Math.min(call, each - done);
      const start = performance.now();
      await run.step(n);
      const took = performance.now() - start;
      [done, spent, slowest] = [done + n, spent + took, Math.max(slowest, took / n)];
    }
    curve.push({ steps: run.steps, stepsPerSecond: (1000 * done) / spent, slowestMs: slowest, memory: memory.buffer.byteLength });
    onBin(curve.at(-1));
  }
  return curve;
}
