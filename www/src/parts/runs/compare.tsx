// Two runs side by side: which they are, their figures and what sets their settings apart, then their losses, claims and attention.

import { useEffect, useId, useRef } from "preact/hooks";
import { count, loss as lossText, percent } from "../../format";
import { follow, left, NOW, pair, right, type Side } from "../../store/compare";
import { runs } from "../../store/runs";
import { spelled } from "../control";
import { ComparedAttention } from "./attention";
import { ComparedClaims } from "./claims";
import { ComparedLoss } from "./loss";

export function Compare() {
  const place = useRef<HTMLElement>(null);
  useEffect(() => follow(), []);
  useEffect(() => place.current!.scrollIntoView({ block: "nearest" }), []);
  const [a, b] = [left.value, right.value];
  return (
    <section class="run-comparison" aria-labelledby="run-comparison-title" ref={place}>
      <div class="head">
        <h3 id="run-comparison-title">Side by side</h3>
        <Chooser side={0} name="First" />
        <Chooser side={1} name="Second" />
        <button type="button" onClick={() => (pair.value = null)}>
          Close
        </button>
      </div>
      {[a, b].map((side, i) => side && "error" in side && <p key={i} class="error">{side.error}</p>)}
      {a && b && !("error" in a) && !("error" in b) ? (
        <>
          <Figures sides={[a, b]} />
          <ComparedLoss sides={[a, b]} />
          <ComparedClaims sides={[a, b]} />
          <ComparedAttention sides={[a, b]} />
        </>
      ) : null}
    </section>
  );
}

function Chooser({ side, name }: { side: 0 | 1; name: string }) {
  const id = useId();
  const chosen = pair.value!;
  return (
    <div class="lab-field">
      <label for={id}>
        <span class={`swatch side-${side}`} aria-hidden="true" />
        {name}
      </label>
      <select
        id={id}
        value={chosen[side]}
        onChange={(e) => {
          const { value } = e.currentTarget;
          pair.value = side === 0 ? [value, chosen[1]] : [chosen[0], value];
        }}
      >
        <option value={NOW}>This run</option>
        {runs.value
          ?.filter(({ deleted }) => !deleted)
          .map((run) => (
            <option key={run.id} value={run.id}>
              {run.name}
            </option>
          ))}
      </select>
    </div>
  );
}

const DIGITS = 12;

type Row = { name: string; values: [string, string] };

function figures(sides: [Side, Side]): Row[] {
  const row = (name: string, of: (side: Side) => string | null): Row => ({ name, values: sides.map((side) => of(side) ?? "–") as [string, string] });
  return [
    row("Step", ({ record }) => count(record.step)),
    row("Loss", ({ record }) => (record.loss === null ? null : lossText(record.loss))),
    row("Held-out loss", ({ record }) => record.evaluated && lossText(record.evaluated.evaluation.loss)),
    row("Token accuracy", ({ record }) => record.evaluated && percent(record.evaluated.evaluation.tokenAccuracy)),
    row("Sequence accuracy", ({ record }) => record.evaluated && percent(record.evaluated.evaluation.sequenceAccuracy)),
    row("Parameters", ({ record }) => count(record.parameters)),
    row("Trained on", ({ record }) => (record.device === "cpu" ? "CPU" : "WebGPU")),
    row("Fingerprint", ({ record }) => record.fingerprint?.slice(0, DIGITS) ?? null),
  ];
}

/** Settings that one has otherwise than the other, or alone. */
function differences([a, b]: [Side, Side]): Row[] {
  const flat = ({ record }: Side) => {
    const settings = Object.entries(record.experiment).flatMap(([group, fields]) => Object.entries(fields).map(([field, value]) => [`${group}.${field}`, spelled(value)] as const));
    return new Map<string, string>([...settings, ["list on the page", record.shown.numbers.join(", ")], ["file", record.file?.name ?? "none"]]);
  };
  const [first, second] = [flat(a), flat(b)];
  const names = [...new Set([...first.keys(), ...second.keys()])];
  return names.filter((name) => first.get(name) !== second.get(name)).map((name) => ({ name, values: [first.get(name) ?? "–", second.get(name) ?? "–"] }));
}

function Figures({ sides }: { sides: [Side, Side] }) {
  const same = sides[0].record.fingerprint !== null && sides[0].record.fingerprint === sides[1].record.fingerprint;
  const apart = differences(sides);
  return (
    <div class="scroll compared" tabIndex={0} role="region" aria-label="Figures and settings of both runs">
      <table>
        <Heads sides={sides} />
        <tbody>
          {figures(sides).map((row) => (
            <Values key={row.name} {...row} />
          ))}
          {same && (
            <tr>
              <td />
              <td colSpan={2}>The same model, bit for bit.</td>
            </tr>
          )}
        </tbody>
        <tbody data-differences={apart.length}>
          <tr class="title">
            <th scope="rowgroup" colSpan={3}>
              {apart.length === 0 ? "No setting differs" : "Settings that differ"}
            </th>
          </tr>
          {apart.map((row) => (
            <Values key={row.name} {...row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Heads({ sides }: { sides: [Side, Side] }) {
  return (
    <thead>
      <tr>
        <td />
        {sides.map(({ name }, i) => (
          <th key={i} scope="col">
            <span class={`swatch side-${i}`} aria-hidden="true" />
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Values({ name, values }: Row) {
  return (
    <tr data-row={name}>
      <th scope="row">{name}</th>
      <td>{values[0]}</td>
      <td>{values[1]}</td>
    </tr>
  );
}
