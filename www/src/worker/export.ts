// Files out: the model, what is on screen, or any tensor by its name, each with the name of the file it would be.

import type { Look, Model, Run, Tensor } from "tinylens";
import type { Export, Wanted } from "../protocol";
import type { Pictures } from "./picture";

/** As JSON a number takes about 20 characters: what is larger than this is for safetensors. */
const MOST_NUMBERS = 2_000_000;

/** What the page shows: the last look, and the step it was taken at. */
export type Screen = { tokens: number[]; look: Look; step: number; pictures: Pictures };

export async function exported(run: Run, screen: Screen, wanted: Wanted, stem: string): Promise<Export> {
  const model = run.model();
  const at = (step: number) => (step > 0 ? `${stem}-step-${step}` : stem);
  const { tokens, look } = screen;
  try {
    switch (wanted.kind) {
      case "safetensors":
        return { name: `${at(run.steps)}.safetensors`, content: (await model.toSafetensors()) as Uint8Array<ArrayBuffer> };
      case "python":
        return { name: `${at(run.steps)}.py`, content: model.toPython(`${at(run.steps)}.safetensors`) };
      case "pattern":
        return { name: `${at(screen.step)}-pattern.json`, content: json(patterns(screen)) };
      case "predictions":
        return { name: `${at(screen.step)}-predictions.json`, content: json({ step: screen.step, tokens, labels: look.labels, predictions: look.predictions }) };
      case "picture": {
        const name = `${at(screen.step)}-${wanted.canvas}.${wanted.as}`;
        return { name, content: wanted.as === "json" ? json(screen.pictures.numbers(wanted.canvas, screen.step)) : await screen.pictures.saved(wanted.canvas, wanted.as) };
      }
      case "tensor":
        return { name: `${at(run.steps)}-${wanted.name}.json`, content: json({ name: wanted.name, step: run.steps, ...(await tensor(model, wanted.name, screen)) }) };
    }
  } finally {
    model.free();
  }
}

/** Every name that a tensor can be asked for by. */
export async function names(run: Run): Promise<{ parameters: string[]; activations: string[] }> {
  const model = run.model();
  try {
    return { parameters: Object.keys(await model.stateDict()), activations: [...model.hookNames(), LOGITS] };
  } finally {
    model.free();
  }
}

/** No hook in TransformerLens either, but what people ask for first. */
const LOGITS = "logits";

function patterns({ tokens, look, step }: Screen) {
  const [layers = 0, heads = 0] = look.pattern.shape;
  const layerNames = Array.from({ length: layers }, (_, layer) => `blocks.${layer}.attn.hook_pattern`);
  const headNames = Array.from({ length: heads }, (_, head) => `head ${head}`);
  return { name: "pattern", step, axes: ["layer", "head", "destination", "source"], layers: layerNames, heads: headNames, tokens, labels: look.labels, ...look.pattern };
}

async function tensor(model: Model, name: string, { tokens, look }: Screen): Promise<Tensor & { tokens?: number[]; labels?: string[] }> {
  if (name === LOGITS) return { ...(await model.forward([tokens])), tokens, labels: look.labels };
  if (model.hookNames().includes(name)) {
    const { cache } = await model.runWithCache([tokens], [name]);
    return { ...cache[name]!, tokens, labels: look.labels };
  }
  const found = (await model.stateDict())[name];
  if (!found) throw new Error(`This model has no tensor ${name}.`);
  return found;
}

/** What JSON has no numbers for is spelled as in Python: "nan", "inf", "-inf". */
const spelled = (x: number): number | string => (Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");

function json(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (!(part instanceof Float32Array)) return part;
    if (part.length > MOST_NUMBERS) {
      throw new Error(`That is ${part.length.toLocaleString("en")} numbers, and JSON is written for up to ${MOST_NUMBERS.toLocaleString("en")}: save the model as safetensors instead.`);
    }
    return Array.from(part, spelled);
  });
}
