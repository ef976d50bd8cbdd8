// The last verdicts on the claims of two runs, beside each other.

import { texts } from "../../claims";
import { count } from "../../format";
import type { Side } from "../../store/compare";
import { SAID, Shape } from "../claims";
import { RateText } from "../rate";
import { Heads } from "./compare";

export function ComparedClaims({ sides }: { sides: [Side, Side] }) {
  const last = sides.map(({ record }) => record.claims.points.at(-1));
  const ids = [...new Set(last.flatMap((point) => Object.keys(point?.claims ?? {})))];
  const text = (id: string) => sides.map(({ record }) => record.claims.texts[id]).find((found) => found !== undefined) ?? texts.get(id) ?? id;
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
          {ids.map((id) => (
            <tr key={id} data-claim={id}>
              <th scope="row">{text(id).replaceAll(" %", "\u00a0%")}</th>
              {last.map((point, i) => {
                const judged = point?.claims[id];
                if (!judged) return <td key={i}>–</td>;
                return (
                  <td key={i} class={`claim-cell ${judged.verdict}`}>
                    <span class="verdict">
                      <Shape verdict={judged.verdict} />
                      {SAID[judged.verdict]}
                    </span>
                    <RateText rate={{ rate: judged.value, low: judged.low, high: judged.high }} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
