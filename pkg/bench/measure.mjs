// How fast devices train the benchmark's models. One module for `cargo xtask bench`, in Node and in Chromium, and for the benchmark page
// (www/src/bench/), so that a figure means the same everywhere. Not here: where a device runs, and how figures are shown.

import { watchGpu } from "./gpu_calls.mjs";

/** What is trained. Without the schedule: its evaluations are no part of a step. */
export const MODELS = [
  { id: "W0", text: "W2 with d_model 8 and batches of 4: nothing but overhead", experiment: { model: { n_heads: 2, d_model: 8 }, train: { batch_size: 4 } } },
  { id: "W1", text: "the notebook’s model: 1 layer, 1 head, d_model 128, attention only; five numbers, batches of 100", experiment: {} },
  { id: "W2", text: "1 layer, 2 heads, d_model 64, attention only; five numbers, batches of 100", experiment: { model: { n_heads: 2, d_model: 64 } } },
  {
    id: "W3",
    text: "2 layers, 4 heads, d_model 128, LN, MLP of 512; ten numbers, batches of 128",
    experiment: {
      task: { list_length: 10 },
      model: { n_layers: 2, n_heads: 4, d_model: 128, d_mlp: 512, attn_only: false, normalization_type: "LN" },
      train: { batch_size: 128 },
    },
  },
].map(({ id, text, experiment }) => ({ id, text, experiment: { ...experiment, train: { ...experiment.train, plateau: false } } }));

export const experimentOf = (id) => MODELS.find((model) => model.id === id).experiment;

/** Steps whose rate is given apart from that of the later ones: a trained softmax is full of tiny numbers, which some code is slow with. */
export const FIRST = 300;

/** "first": new models, up to the first steps. "trained": a model that has done those. */
export const PHASES = ["first", "trained"];

/** Steps of a new model that are not timed: the first ones allocate, and compile what runs on a GPU. */
const WARM_UP = 2;

/** Milliseconds that a software adapter may take in all: it says what overhead costs, and nothing of a GPU. */
export const PATIENCE = 60_000;

/** Steps in which calls to WebGPU are counted: what the second has more is what steps take, and the rest what a call of them takes. */
const COUNTED = [1, 3];
/** Steps that are recorded while a clock runs, and milliseconds of a step above which nobody waits until they are done. */
const RECORDED = 256;
const SLOW = 50;

/** The models of one device, being timed. */
export class Meter {
  #Run;
  #device;
  /** By model: the run that has done its first steps. */
  #trained = new Map();
  /** By model and phase: steps of one call. They grow until a call takes a good part of a sample, so that its own cost is none of theirs. */
  #calls = new Map();

  constructor({ Run }, device) {
    this.#Run = Run;
    this.#device = device;
  }

  async #begin(id) {
    const run = await this.#Run.create(experimentOf(id), this.#device);
    await run.step(WARM_UP);
    return run;
  }

  /** Trains a model its first steps, or as many as `most` milliseconds allow. Its state is for other meters: `take`. */
  async train(id, most = Infinity) {
    const run = await this.#begin(id);
    const start = performance.now();
    while (run.steps < FIRST && performance.now() - start < most) await run.step(Math.min(4, FIRST - run.steps));
    this.#trained.set(id, run);
    return { steps: run.steps, path: run.path, state: await run.save() };
  }

  /** Goes on with what another meter has trained. */
  async take(id, state) {
    const run = await this.#Run.restore(state, this.#device);
    await run.step(WARM_UP);
    this.#trained.set(id, run);
    return { path: run.path };
  }

  /** Trains for about `ms` milliseconds: how many steps, and how long they took. */
  async sample(id, phase, ms) {
    const key = `${id} ${phase}`;
    let call = this.#calls.get(key) ?? 1;
    let [steps, spent] = [0, 0];
    let run = phase === "trained" ? this.#trained.get(id) : null;
    while (spent < ms) {
      if (phase === "first" && (run === null || run.steps >= FIRST)) {
        run?.free();
        run = await this.#begin(id);
      }
      const n = phase === "first" ? Math.min(call, FIRST - run.steps) : call;
      const start = performance.now();
      await run.step(n);
      const took = performance.now() - start;
      [steps, spent] = [steps + n, spent + took];
      if (took < ms / 4) call *= 2;
    }
    if (phase === "first") run.free();
    this.#calls.set(key, call);
    return { steps, ms: spent };
  }

  /**
   * What a step asks of WebGPU, and how long JavaScript and wasm take to record it: until they first wait for the device they do nothing
   * else. `abandon`: the caller throws this meter's page away afterwards, so that a slow device need not finish what was recorded.
   */
  async calls(id, abandon = false) {
    const run = await this.#begin(id);
    const watch = watchGpu();
    try {
      const totals = [];
      let stepMs;
      for (const steps of COUNTED) {
        watch.reset();
        const start = performance.now();
        await run.step(steps);
        stepMs = (performance.now() - start) / steps;
        totals.push({ ...watch.counts });
      }
      const perStep = Object.fromEntries(Object.entries(totals[0]).map(([name, count]) => [name, (totals[1][name] - count) / (COUNTED[1] - COUNTED[0])]));
      if (stepMs > SLOW && !abandon) return { ...perStep, recordMs: null };
      watch.reset();
      const start = performance.now();
      const done = run.step(RECORDED);
      const { at, dispatches } = await watch.firstWait;
      if (stepMs <= SLOW) await done;
      return { ...perStep, recordMs: ((at - start) * perStep.dispatches) / dispatches };
    } finally {
      watch.stop();
    }
  }
}

/** Median, lowest and highest; null: nothing was measured. */
export function summary(rates) {
  if (rates.length === 0) return null;
  const sorted = rates.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted.at(-1), rates };
}

/**
 * Times all `entrants` in interleaved rounds: whatever else the machine does meanwhile, it does to all of them. An entrant has
 * - `id`, `name` and whatever else describes it, which go into its row;
 * - `sample(model, phase, ms)`, as Meter's, wherever it may run;
 * - optionally `train`, `take` and `calls`, as Meter's; what the first that has `train` trains is given to all that have `take`;
 * - optionally `patience`: milliseconds that it may take in all (and again for the calls of a model), and `stop()` for when they are over.
 * An entrant that fails keeps what it has; its row says why in `why`. One whose time is over just has fewer rounds.
 *
 * `plan`: `models` (ids), `rounds`, `warmUps` (rounds that do not count), `ms` of a sample, `trainMs` at most for the first steps.
 * `onProgress(done, of, rows)`: rows as they are. `signal`: aborted, it ends with what it has.
 */
export async function survey(entrants, plan, { onProgress = () => {}, signal } = {}) {
  const rows = entrants.map(({ sample, train, take, calls, stop, patience, ...facts }) => ({ why: null, ...facts, models: Object.fromEntries(plan.models.map((id) => [id, { path: null, first: null, trained: null, gpu: null }])) }));
  const spent = entrants.map(() => 0);
  const last = plan.rounds - 1;
  const of = plan.models.length * ((plan.rounds + plan.warmUps) * PHASES.length + 1);
  let done = 0;

  /** What `work(entrant)` gives; null: it failed, now or before, or there is no time left for it. */
  const attempt = async (at, work) => {
    const [entrant, row] = [entrants[at], rows[at]];
    if (row.why || signal?.aborted) return null;
    const start = performance.now();
    try {
      const patience = (entrant.patience ?? Infinity) - spent[at];
      return patience <= 0 ? null : await within(patience, work(entrant));
    } catch (error) {
      if (signal?.aborted) return null;
      row.why = error instanceof Error ? error.message : String(error);
      if (error instanceof Late) entrant.stop?.();
      return null;
    } finally {
      spent[at] += performance.now() - start;
    }
  };
  const all = entrants.map((_, at) => at);

  const trainer = entrants.findIndex(({ train }) => train);
  const states = new Map();
  for (const id of plan.models) {
    const trained = trainer < 0 ? null : await attempt(trainer, (entrant) => entrant.train(id, plan.trainMs));
    if (trained) {
      states.set(id, trained);
      Object.assign(rows[trainer].models[id], { path: trained.path, trainedSteps: trained.steps });
    }
    onProgress(++done, of, rows);
  }

  /** Before its first sample of a model, an entrant takes over what was trained. */
  const prepare = async (at, id) => {
    const { take } = entrants[at];
    const model = rows[at].models[id];
    if (!take || model.path) return;
    const trained = states.get(id);
    if (!trained) rows[at].why ??= "There is no trained model to go on with.";
    const taken = await attempt(at, () => take(id, trained.state));
    if (taken) Object.assign(model, { path: taken.path, trainedSteps: trained.steps });
  };

  for (let round = -plan.warmUps; round <= last; round++) {
    for (const id of plan.models) {
      for (const phase of PHASES) {
        for (const at of all) {
          if (round < 0 && entrants[at].patience) continue; // its time is for what counts
          await prepare(at, id);
          const sample = await attempt(at, (entrant) => entrant.sample(id, phase, plan.ms));
          const model = rows[at].models[id];
          if (sample && round >= 0) model[phase] = summary([...(model[phase]?.rates ?? []), (1000 * sample.steps) / sample.ms]);
        }
        if (signal?.aborted) return rows;
        onProgress(++done, of, rows);
      }
    }
  }
  // Last: what a slow device may leave undone is in nobody's way then. What can't be counted in time is not.
  for (const at of all) {
    const { calls, patience = Infinity } = entrants[at];
    for (const id of plan.models) {
      const model = rows[at].models[id];
      if (!calls || !model.path || signal?.aborted) continue;
      model.gpu = await within(patience, calls(id)).catch(() => null);
      if (!model.gpu) break;
    }
  }
  return rows;
}

class Late extends Error {}

async function within(ms, work) {
  if (ms === Infinity) return work;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late("It had a minute for everything; what is missing would have taken longer.")), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What WebGPU says of its adapter; `why` there is none. Only for people: the module opens its own. */
export async function adapter() {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) return { why: globalThis.isSecureContext === false ? "This page was not served securely, so that the browser gives it no WebGPU." : "There is no WebGPU here." };
  const found = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!found) return { why: "WebGPU found no adapter on this machine." };
  const { vendor, architecture, device, description, isFallbackAdapter } = found.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ") || "unnamed adapter";
  // As the module decides it (crate/src/web/webgpu.rs).
  const software = isFallbackAdapter === true || /swiftshader|llvmpipe|softpipe|basic render/i.test(name);
  return { name, vendor, architecture, device, description, software };
}

/** The machine, as far as JavaScript knows it. */
export const machine = () => ({
  userAgent: globalThis.navigator?.userAgent ?? "unknown",
  hardwareConcurrency: globalThis.navigator?.hardwareConcurrency ?? null,
  crossOriginIsolated: globalThis.crossOriginIsolated ?? false,
});

/** What is copied, saved and sent: all of a survey. */
export const report = ({ version, machine, plan, rows, complete }) => ({
  what: "Tinylens benchmark: training steps a second",
  version,
  date: new Date().toISOString(),
  complete,
  machine,
  plan: { ...plan, first: FIRST },
  models: Object.fromEntries(MODELS.filter(({ id }) => plan.models.includes(id)).map(({ id, text }) => [id, text])),
  rows,
});
