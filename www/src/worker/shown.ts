// What the page is shown of a look: the sequence with its predictions.

import type { Sequence } from "../protocol";
import type { Seen } from "./edited";

export function sequenceOf({ look, tokens, mid, wanted }: Seen): Sequence {
  const [layers = 1, heads = 1] = look.pattern.shape;
  const predictions = look.predictions.map(({ token, label, probability }, i) => {
    const next = wanted[i + 1];
    return { label, probability, right: next === undefined ? null : token === next };
  });
  return { tokens, labels: look.labels, mid, predictions, heads: [layers, heads] };
}
