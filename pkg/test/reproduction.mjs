// Three runs whose every bit is known: what the tests in Node and in Chromium both hold their CPU device against. A change of one
// of these numbers is a change of what every link and every kept run reproduces; it needs a reason, and says so in the commit.

export const STEPS = 60;

/** Fingerprints after `STEPS` steps. The first is trained through tables, the others through rows (`Run.path`). */
export const RUNS = [
  { name: "the notebook's", experiment: {}, fingerprint: "14cc988c71962fb2f0f7c97c621bf4ac8086080cae31ccfad31e0a1535de064f" },
  {
    name: "two layers with MLP and LN",
    experiment: {
      task: { list_length: 3, max_value: 10 },
      model: { n_layers: 2, n_heads: 2, d_model: 16, attn_only: false, act_fn: "gelu", normalization_type: "LN" },
      train: { batch_size: 16 },
    },
    fingerprint: "30fe61443d58745728bb30ff77257ea57ccb48b7ed284cc8c6d2baa6e72cbe2f",
  },
  {
    name: "rotary, RMS, no BOS, lengths that vary, endless lists",
    experiment: {
      task: { list_length: 4, max_value: 12, bos_token: null, var_length: true, repeats: true },
      model: { n_heads: 2, d_model: 24, positional_embedding_type: "rotary", normalization_type: "RMS", attn_only: false, act_fn: "silu", seed: 7 },
      train: { batch_size: 8, num_samples: null, lr: 0.003 },
    },
    fingerprint: "7bf5da5e7e8b055fb805849d3b303173e4556fb9bd02beed2ec2404d2dea3003",
  },
];

/** The ways to train that must all come to the same: in one call, in chunks, and saved halfway and resumed. Runs wherever `Run` does. */
export async function trainThreeWays(Run, device, experiment, steps) {
  const whole = await Run.create(experiment, device);
  const { losses } = await whole.step(steps);

  const chunked = await Run.create(experiment, device);
  const chunks = [];
  for (let n = 1; chunked.steps < steps; n = 2 * n + 1) chunks.push(...(await chunked.step(Math.min(n, steps - chunked.steps))).losses);

  const first = await Run.create(experiment, device);
  const half = Math.floor(steps / 2) - 1;
  const resumed = [...(await first.step(half)).losses];
  const saved = await first.save();
  // Neither what the first run does next, nor what is measured between, may matter.
  await first.step(2);
  const second = await Run.restore(saved, device);
  await second.evaluate(20);
  resumed.push(...(await second.step(steps - half)).losses);

  const ways = { "in one call": [whole, losses], "in chunks": [chunked, chunks], "saved and resumed": [second, resumed] };
  const answers = {};
  for (const [way, [run, all]] of Object.entries(ways)) answers[way] = { steps: run.steps, losses: Array.from(all), fingerprint: await run.fingerprint() };
  return answers;
}
