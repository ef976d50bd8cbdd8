// What is asked of WebGPU, counted by wrapping the prototypes of its objects: whoever does the asking knows nothing of it.

/** What counts as what. */
const CALLS = {
  dispatches: { GPUComputePassEncoder: ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"] },
  submits: { GPUQueue: ["submit"] },
  writes: { GPUQueue: ["writeBuffer"] },
  buffers: { GPUDevice: ["createBuffer"] },
  destroyed: { GPUBuffer: ["destroy"] },
  bindGroups: { GPUDevice: ["createBindGroup"] },
  pipelines: { GPUDevice: ["createComputePipeline", "createComputePipelineAsync"] },
  waits: { GPUBuffer: ["mapAsync"], GPUQueue: ["onSubmittedWorkDone"] },
};

/** Counts from now on; `firstWait`: when JavaScript first waited for the device, and the dispatches until then. `stop` takes the wraps off. */
export function watchGpu(scope = globalThis) {
  const counts = { ...Object.fromEntries(Object.keys(CALLS).map((name) => [name, 0])), firstWait: null };
  const undo = [];
  for (const [name, classes] of Object.entries(CALLS)) {
    for (const [className, methods] of Object.entries(classes)) {
      const prototype = scope[className].prototype;
      for (const method of methods) {
        const original = prototype[method];
        prototype[method] = function (...given) {
          if (name === "waits") counts.firstWait ??= { at: performance.now(), dispatches: counts.dispatches };
          counts[name]++;
          return original.apply(this, given);
        };
        undo.push(() => (prototype[method] = original));
      }
    }
  }
  return { counts, stop: () => undo.forEach((one) => one()) };
}
