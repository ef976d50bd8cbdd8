// A run as it is kept: all that the page shows of it and all that it takes to go on, as one record. Its big parts (the saved state,
// the attention pattern, the opened file) are bytes beside the record, which is plain data: JSON can carry it.

import type { AblationName, ViewConfig } from "tinylens";
import { VIEW, type Choice } from "../document";
import { EXPERIMENTS } from "../experiments";
import { dictionary, either, figure, flag, list, Misshapen, nullable, object, oneOf, real, text, whole, type Of, type Shape } from "./shape";

/** Of the record below. A page reads its own and all earlier ones. */
export const VERSION = 1;

const scalar = nullable(either(either(real, flag), text()));
const group = dictionary(scalar, 100);
/** The run's settings go to the module, which judges them itself; nothing else computes with them. */
const settings = dictionary(group, 10);

/** "BOS" and "MID" in a prompt, as `slots.ts` has them. */
const special = oneOf("BOS", "MID", "EOS");
const slot = object({ source: nullable(either(whole(), oneOf("BOS", "MID"))), value: nullable(either(whole(), special)), gone: flag, moved: flag });
const layer = whole();
const kind = <K extends string>(name: K) => oneOf(name);
const ablation = either(
  either(
    object({ kind: kind("head"), layer, head: whole(), edit: oneOf("zero", "mean", "resample") }),
    object({ kind: kind("edge"), layer, head: whole(), destination: whole(), source: whole(), renormalise: flag }),
  ),
  either(object({ kind: kind("position"), position: whole() }), object({ kind: kind("mlp"), layer })),
);
const scene = object({
  slots: nullable(list(slot, 1000)),
  newTokens: nullable(whole()),
  ablations: list(ablation, 10_000),
  sampling: object({ temperature: real, topK: nullable(whole()), topP: nullable(real), seed: whole() }),
  own: flag,
});

/** A view that another version had, as far as this one knows it. */
const view = (value: unknown, path: string): ViewConfig => {
  const known = Object.entries(dictionary(scalar)(value, path)).filter(([name, setting]) => typeof VIEW[name as keyof ViewConfig] === typeof setting);
  return { ...VIEW, ...Object.fromEntries(known) };
};

/** What was chosen for each of the notebook's experiments. */
const byExperiment = <T>(of: Shape<T>) => object({}, Object.fromEntries(EXPERIMENTS.map(({ id }) => [id, of])) as Record<AblationName, Shape<T>>);
const presetChoice = object({}, { site: whole(), randomSite: flag, value: either(whole(), special), randomValue: flag });
const choice: Shape<Choice> = (value, path) => (typeof value === "string" && /^\d{1,6}$/.test(value) ? (value as Choice) : oneOf("", "random", "every")(value, path));
const batteries = object({ lists: text(100), seed: text(100), choices: byExperiment(object({ site: choice, value: choice })) });

/** The document (document.ts) without what begins the run, and where (the run itself says that), and without comparisons, which train runs of
 * their own. Earlier pages did not write all of it. */
const shown = object(
  {
    numbers: list(whole(), 1000),
    scene,
    view,
    pins: list(object({ layer, head: whole() }), 10_000),
    cell: nullable(object({ destination: whole(), source: whole() })),
    draft: group,
    assumed: group,
  },
  { presets: byExperiment(presetChoice), batteries },
);

/** JSON has no infinities: an empty bucket's least and greatest. */
const bound = (infinity: number) => (value: unknown, path: string) => (value === null || value === infinity ? infinity : real(value, path));
const curve = object({
  width: whole(1, 2 ** 40),
  buckets: list(object({ last: whole(), least: bound(Infinity), sum: real, greatest: bound(-Infinity), count: whole(), heldOut: nullable(real) }), 4096),
});

const judged = object({ value: figure, low: figure, high: figure, verdict: oneOf("holds", "mixed", "fails") });
const claims = object({ texts: dictionary(text()), points: list(object({ step: whole(), lists: whole(), claims: dictionary(judged) }), 1000) });

const evaluation = object({ loss: figure, tokenAccuracy: figure, sequenceAccuracy: figure, lists: whole(), heldOut: flag });

/** What a file was, and what was put before what it says; its bytes are beside the record. */
const facts = object({ format: text(), notes: list(text(), 1000), fingerprint: text() });
const file = object({ name: text(), model: group, task: group, facts, said: settings }, { train: group });

export const runRecord = object({
  name: text(200),
  /** Milliseconds since 1970. */
  saved: real,
  /** Of the saved state. */
  step: whole(),
  /** A kept run's: a session's would cost time at every save. */
  fingerprint: nullable(text()),
  parameters: whole(),
  device: oneOf("cpu", "webgpu"),
  /** It was training. */
  playing: flag,
  loss: nullable(figure),
  evaluated: nullable(object({ step: whole(), evaluation })),
  asked: settings,
  experiment: settings,
  file: nullable(file),
  shown,
  curve,
  claims,
  /** Of the pattern beside the record: [layers, heads, positions, positions] weights. */
  attention: nullable(object({ step: whole(), labels: list(text(), 10_000), layers: whole(1), heads: whole(1), causal: flag })),
});

export type RunRecord = Of<typeof runRecord>;
export type Attention = NonNullable<RunRecord["attention"]>;

/** `state`: what `Run.save` gave; null: it is at step 0. */
export type Parts = { state: Uint8Array | null; pattern: Float32Array | null; file: Blob | null };
export type Kept = { record: RunRecord; parts: Parts };

/** What was read as a kept run, if its parts fit each other too; else it throws a `Misshapen`. */
export function kept(record: unknown, parts: Parts): Kept {
  const read = runRecord(record, "run");
  const { attention, file, step } = read;
  const { state, pattern, file: opened } = parts;
  if ((state && !(state instanceof Uint8Array)) || (pattern && !(pattern instanceof Float32Array)) || (opened && !(opened instanceof Blob))) throw new Misshapen("what lies beside the run must be bytes");
  const weights = attention ? attention.layers * attention.heads * attention.labels.length ** 2 : 0;
  if ((parts.pattern?.length ?? 0) !== weights) throw new Misshapen(`run.attention must have as many weights as its labels say, ${weights}`);
  if ((parts.file !== null) !== (file !== null)) throw new Misshapen("run.file must come with its bytes");
  if (step > 0 && !parts.state) throw new Misshapen("run.step must be 0 where there is no saved state");
  return { record: read, parts };
}
