// What the page is shown of a look: the sequence with its predictions, and one head's pattern as numbers.

import type { Look } from "tinylens";
import type { HeadTable, Sequence } from "../protocol";
import type { Seen } from "./edited";

export function sequenceOf({ look, tokens, mid, wanted }: Seen): Sequence {
  const [layers = 1, heads = 1] = look.pattern.shape;
  const predictions = look.predictions.map(({ token, label, probability }, i) => {
    const next = wanted[i + 1];
    return { label, probability, right: next === undefined ? null : token === next };
  });
  return { tokens, labels: look.labels, mid, predictions, heads: [layers, heads] };
}

export function headTable(look: Look, { layer, head }: { layer: number; head: number }): HeadTable | null {
  const [layers = 0, heads = 0, size = 0] = look.pattern.shape;
  if (layer >= layers || head >= heads) return null;
  const start = (layer * heads + head) * size * size;
  return { layer, head, weights: look.pattern.data.slice(start, start + size * size) };
}
