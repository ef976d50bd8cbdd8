// Several workers to one run on the CPU. A dear step is cut into shards (`Run.shards`); helpers, workers with a module of their own, compute
// some of them while the run's own worker computes the rest. The run adds all up in their order: its bits do not depend on how many
// workers there are, on which come late, or on which die.
//
// For the page's worker and for Node: how a worker is started is the caller's. Without headers that a static host does not send there is
// no shared memory, so that parameters and gradients are posted: some megabytes a step, beside tens of milliseconds of arithmetic.

/** Steps, alternately alone and shared, by which a crew finds out whether sharing is faster; and steps from one such trial to the next. */
const TRIAL = 10;
const BETWEEN = 400;
/** Sharing has to save so much of a step's time. */
const WORTH = 0.95;
/** A helper that lets the run wait this many milliseconds, and this many times as long as the run needed for its own shards, is given up. */
const PATIENCE = { least: 2000, times: 10 };

/** How many workers a step of `shards` shards can use on so many cores: as many as share them evenly. */
export function workersFor(shards, cores) {
  let workers = Math.max(1, Math.min(shards, Math.floor(cores)));
  while (shards % workers !== 0) workers--;
  return workers;
}

/** What a helper does with a message: the answer, and what of it to transfer. `open` makes a `Helper` of the first message. */
export function serve(open, post) {
  let helper = null;
  return async (message) => {
    if (!helper) {
      helper = await open(message);
      return post({ ready: true }, []);
    }
    const { step, first, end, parameters } = message;
    const parts = [];
    for (let shard = first; shard < end; shard++) parts.push(helper.part(step, shard, parameters));
    post({ step, parts }, parts.map(({ gradient }) => gradient.buffer));
  };
}

/**
 * The helpers of one run. `helpers`: how many; `hire(receive, gone)` starts one and returns `{ post(message, transfer), end() }`, or throws;
 * `receive` is to be called with what it posts, `gone` when it fails. `first`: the first message to each, which `serve` opens.
 */
export class Crew {
  #helpers = [];
  #asked = []; // of the step under way
  #trial = { alone: [], shared: [] };
  #pays = null; // null: on trial
  #steps = 0; // since the last trial
  #started = 0;

  constructor(helpers, hire, first) {
    for (let i = 0; i < helpers; i++) {
      const helper = { worker: null, ready: false, answer: null };
      this.#helpers.push(helper);
      try {
        helper.worker = hire((message) => this.#receive(helper, message), () => this.#lose(helper));
        helper.worker.post(first, []);
      } catch {
        this.#lose(helper); // a browser that starts no more workers: the run needs none
      }
    }
  }

  /** How many workers compute the run's steps at present, its own among them. */
  get workers() {
    return this.#pays === false ? 1 : 1 + this.#ready().length;
  }

  /** As `run.step(n)`, with the crew where that is faster. */
  async step(run, n) {
    if (run.shards === 1) return run.step(n);
    const losses = new Float32Array(n);
    let done = 0;
    do {
      const trial = this.#ready().length > 0 && this.#pays === null;
      const shared = trial ? this.#trial.shared.length <= this.#trial.alone.length : this.#pays === true;
      const count = Math.min(n - done, trial ? 1 : BETWEEN - this.#steps);
      const start = performance.now();
      const now = await run.step(count, shared ? this : undefined);
      losses.set(now.losses, done);
      done += count;
      if (trial) this.#judge(shared, performance.now() - start);
      else if (this.#ready().length > 0 && (this.#steps += count) >= BETWEEN) this.#tryAgain();
      if (done >= n) return { step: now.step, losses };
    } while (true);
  }

  /** Ends the helpers. Steps under way go on without them. */
  end() {
    for (const helper of [...this.#helpers]) this.#lose(helper);
  }

  // What `Run.step` asks of a crew.

  handOut(step, parameters, shards) {
    const ready = this.#ready();
    this.#asked = [];
    if (ready.length === 0) return shards;
    const own = Math.max(1, Math.floor(shards / (ready.length + 1)));
    const at = (i) => own + Math.floor(((shards - own) * i) / ready.length);
    this.#asked = ready.map((helper, i) => {
      const [first, end] = [at(i), at(i + 1)];
      const answer = new Promise((resolve) => (helper.answer = resolve));
      const copy = i === ready.length - 1 ? parameters : parameters.slice();
      helper.worker.post({ step, first, end, parameters: copy }, [copy.buffer]);
      // A helper that is lost answers null.
      return { helper, answer: answer.then((parts) => parts ?? Array(end - first).fill(null)) };
    });
    this.#started = performance.now();
    return own;
  }

  async collect() {
    const asked = this.#asked;
    const patience = Math.max(PATIENCE.least, PATIENCE.times * (performance.now() - this.#started));
    const late = setTimeout(() => asked.forEach(({ helper }) => helper.answer && this.#lose(helper)), patience);
    const parts = await Promise.all(asked.map(({ answer }) => answer));
    clearTimeout(late);
    return parts.flat();
  }

  #ready() {
    return this.#helpers.filter((helper) => helper.ready);
  }

  #receive(helper, message) {
    if (message.ready) {
      helper.ready = true;
      this.#tryAgain();
    } else {
      helper.answer?.(message.parts);
      helper.answer = null;
    }
  }

  #lose(helper) {
    if (!this.#helpers.includes(helper)) return;
    this.#helpers = this.#helpers.filter((other) => other !== helper);
    helper.worker?.end();
    helper.answer?.(null);
    helper.answer = null;
    this.#tryAgain();
  }

  #tryAgain() {
    this.#trial = { alone: [], shared: [] };
    this.#pays = null;
    this.#steps = 0;
  }

  #judge(shared, time) {
    const { alone, shared: together } = this.#trial;
    (shared ? together : alone).push(time);
    if (alone.length + together.length < TRIAL) return;
    // Without the first of each, in which memory is still being claimed.
    this.#pays = median(together.slice(1)) < WORTH * median(alone.slice(1));
  }
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
