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

/**
 * Counts from now on, and anew from every `reset`. `firstWait` resolves to when JavaScript first waited for the device since then, and the
 * dispatches until then. `stop` takes the wraps off.
 */
export function watchGpu(scope = globalThis) {
  const counts = {};
  let waited;
  const watch = {
    counts,
    firstWait: null,
    reset() {
      for (const name of Object.keys(CALLS)) counts[name] = 0;
      watch.firstWait = new Promise((resolve) => (waited = resolve));
    },
    stop: () => undo.forEach((one) => one()),
  };
  const undo = [];
  for (const [name, classes] of Object.entries(CALLS)) {
    for (const [className, methods] of Object.entries(classes)) {
      const { prototype } = scope[className];
      for (const method of methods) {
        const original = prototype[method];
        prototype[method] = function (...given) {
          if (name === "waits") waited({ at: performance.now(), dispatches: counts.dispatches }); // only the first counts
          counts[name]++;
          return original.apply(this, given);
        };
        undo.push(() => (prototype[method] = original));
      }
    }
  }
  watch.reset();
  return watch;
}
