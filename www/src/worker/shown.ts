// What the page is shown of a look: the sequence with its predictions, and one head's pattern as numbers.

import type { Look } from "tinylens";
import type { HeadTable, Sequence } from "../protocol";

/** `tokens`: those looked at; `mid`: the position of MID. */
export function sequenceOf(look: Look, tokens: number[], mid: number): Sequence {
  const [layers = 1, heads = 1] = look.pattern.shape;
  const predictions = look.predictions.map(({ token, label, probability }, i) => {
    const next = tokens[i + 1];
    return { label, probability, right: next === undefined ? null : token === next };
  });
  return { labels: look.labels, mid, predictions, heads: [layers, heads] };
}

export function headTable(look: Look, { layer, head }: { layer: number; head: number }): HeadTable | null {
  const [layers = 0, heads = 0, size = 0] = look.pattern.shape;
  if (layer >= layers || head >= heads) return null;
  const start = (layer * heads + head) * size * size;
  return { layer, head, weights: look.pattern.data.slice(start, start + size * size) };
}
