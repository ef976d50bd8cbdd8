// One head's numbers as a real table: a row for each destination, a column for each source.

import { weight } from "../format";

type Props = {
  caption: string;
  labels: readonly string[];
  /** [destination, source], row by row. */
  values: Float32Array;
  /** What comes after a destination stays empty. */
  causal: boolean;
};

export function PatternTable({ caption, labels, values, causal }: Props) {
  const size = labels.length;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <td />
            {labels.map((label, i) => (
              <th key={i} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, destination) => (
            <tr key={destination}>
              <th scope="row">{label}</th>
              {labels.map((_, source) => (
                <td key={source}>{causal && source > destination ? "" : weight(values[destination * size + source] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
