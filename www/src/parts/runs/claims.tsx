// The last verdicts on the claims of two runs, beside each other.

import { texts, type Judged } from "../../claims";
import { count } from "../../format";
import type { Side } from "../../store/compare";
import { SAID, Shape } from "../claims";
import { RateText } from "../rate";
import { Heads } from "./compare";

export function ComparedClaims({ sides }: { sides: [Side, Side] }) {
  const last = sides.map(({ record }) => record.claims.points.at(-1));
  const ids = [...new Set(last.flatMap((point) => Object.keys(point?.claims ?? {})))];
  if (ids.length === 0) return <p class="small">Neither run has had its claims measured yet.</p>;
  return (
    <div class="scroll compared" tabIndex={0} role="region" aria-label="Claims of both runs">
      <table>
        <Heads sides={sides} />
        <tbody>
          <tr class="small">
            <th scope="row">Claims</th>
            {last.map((point, i) => (
              <td key={i}>{point ? `at step ${count(point.step)}, over ${count(point.lists)} lists` : "not measured"}</td>
            ))}
          </tr>
          {ids.map((id) => {
            const { both, own } = split(sides.map(({ record }) => record.claims.texts[id] ?? texts.get(id) ?? id));
            return (
              <tr key={id} data-claim={id}>
                <th scope="row">{both}</th>
                {last.map((point, i) => (
                  <td key={i} class={`claim-cell ${point?.claims[id]?.verdict}`}>
                    <Verdict judged={point?.claims[id]} />
                    {own[i] && <span class="small">{own[i]}</span>}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Verdict({ judged }: { judged: Judged | undefined }) {
  if (!judged) return <>–</>;
  const { verdict, value, low, high } = judged;
  return (
    <>
      <span class="verdict">
        <Shape verdict={verdict} />
        {SAID[verdict]}
      </span>
      <RateText rate={{ rate: value, low, high }} />
    </>
  );
}

/** A claim's text may end with what was measured: what all have in common, and how each goes on. */
function split(all: string[]): { both: string; own: string[] } {
  const words = all.map((text) => text.replaceAll(" %", "\u00a0%").split(" "));
  const [first] = words;
  let common = 0;
  while (common < first!.length && words.every((other) => other[common] === first![common])) common++;
  return { both: first!.slice(0, common).join(" "), own: words.map((own) => own.slice(common).join(" ")) };
}
