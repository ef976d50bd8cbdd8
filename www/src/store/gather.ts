// The page's present run as one to be kept, and back: the only file here that knows where the page has what. Both ways go through the
// document (document.ts), the curve, the claims and the session.

import type { Setting, ViewConfig } from "tinylens";
import { history as claims, texts, type Judged, type Point } from "../claims";
import { doc, VIEW, type Document } from "../document";
import { markInexact } from "../facts";
import type { Pattern, Start } from "../protocol";
import { takeUp } from "../session";
import { lastSaved } from "../session/register";
import { asked, curve, device, evaluated, experiment, file, loss, parameters, playing, settings, type OpenedFile } from "../state";
import type { Kept, RunRecord } from "./kept";

/** The run as it was last saved; `pattern`: what the worker said of it besides. Null: there is none yet. */
export function gather(name: string, pattern: Pattern | null): Kept | null {
  const { snapshot } = lastSaved();
  if (!experiment.value) return null;
  return {
    record: {
      name,
      saved: Date.now(),
      step: snapshot?.step ?? 0,
      fingerprint: pattern?.fingerprint ?? null,
      parameters: parameters.value,
      device: device.value?.kind ?? "cpu",
      playing: playing.value,
      loss: loss.value,
      evaluated: evaluated.value && { step: evaluated.value.step, evaluation: { ...evaluated.value.evaluation } },
      asked: plain(asked.value),
      experiment: plain(experiment.value),
      file: file.value && fileNow(file.value),
      shown: shownNow(),
      curve: curve.thinned(),
      claims: { texts: Object.fromEntries(texts), points: claims.all().map(({ step, lists, claims }) => ({ step, lists, claims: Object.fromEntries(claims) })) },
      attention: pattern && { step: pattern.step, labels: pattern.labels, layers: pattern.layers, heads: pattern.heads, causal: pattern.causal },
    },
    parts: { state: snapshot?.bytes ?? null, pattern: pattern?.weights ?? null, file: file.value?.origin.bytes ?? null },
  };
}

function fileNow({ origin: { name, model, task, train }, facts, said }: OpenedFile): RunRecord["file"] {
  return { name, model: { ...model }, task: { ...task }, train: { ...train }, facts, said: plain(said) };
}

function shownNow(): RunRecord["shown"] {
  const { numbers, scene, view, pins, cell, draft, assumed, presets, batteries } = doc.value;
  return { numbers, scene, view, pins, cell, draft, assumed, presets, batteries };
}

/** Groups of settings, whatever their names. */
const plain = (settings: object): RunRecord["experiment"] => settings as RunRecord["experiment"];

/** Puts a kept run on the page, in the place of the present one. `playing`: it goes on training. */
export function goOn({ record, parts }: Kept, playing: boolean): Start {
  const start = startOf({ record, parts });
  if (record.device !== "cpu") markInexact(start);
  for (const [id, text] of Object.entries(record.claims.texts)) texts.set(id, text);
  const kept = parts.state && { snapshot: { step: record.step, bytes: parts.state }, curve: record.curve, claims: pointsOf(record), file: fileOf(record, start) };
  takeUp(start, kept, playing ? Infinity : 0, { ...record.shown, view: allowed(record.shown.view) } as Partial<Document>);
  return start;
}

/** A view of another version's, or of somebody's making: what the table of settings does not allow is as usual. */
function allowed(view: ViewConfig): ViewConfig {
  const fits = ({ path, kind, choices, min, max }: Setting) => {
    const value = view[fieldOf(path)];
    if (kind === "choice") return choices.includes(value as string);
    return kind === "boolean" || (Number(value) >= (min ?? -Infinity) && Number(value) <= (max ?? Infinity));
  };
  const table = settings.value.filter((setting) => setting.group === "view" && fits(setting));
  return { ...VIEW, ...Object.fromEntries(table.map(({ path }) => [fieldOf(path), view[fieldOf(path)]])) };
}
const fieldOf = (path: string) => path.slice("view.".length) as keyof ViewConfig;

function startOf({ record, parts }: Kept): Start {
  if (!record.file || !parts.file) return { kind: "experiment", experiment: record.asked };
  const { name, model, task, train = {} } = record.file;
  return { kind: "file", name, bytes: parts.file, model, task, train };
}

function fileOf({ file }: RunRecord, start: Start): OpenedFile | null {
  return file && start.kind === "file" ? { origin: start, facts: file.facts, said: file.said as unknown as OpenedFile["said"] } : null;
}

export const pointsOf = ({ claims }: RunRecord): Point[] => claims.points.map(({ step, lists, claims }) => ({ step, lists, claims: new Map<string, Judged>(Object.entries(claims)) }));
