// A comparison of two ways to train: what is to be compared, how far it is, and every battery and claim side by side, as the
// mean over seeds with the least and the most.

import { computed, signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Summary } from "tinylens/compare.mjs";
import { cancel, COMPARISONS, seeds, seedsError, set, start, steps, stepsError, summary, under, which } from "../comparison";
import { count } from "../format";
import { program } from "../state";
import { RateBar } from "./rate";

export function ComparisonPanel() {
  const now = under.value;
  const running = now?.state === "running";
  const choice = useId();
  return (
    <details class="comparison">
      <summary>
        Comparison <span class="small">two ways to train, over several seeds{running && `: ${count(now.results.length)} of ${count(now.jobs)} models done`}</span>
      </summary>
      <form
        class="lab-controls"
        onSubmit={(e) => {
          e.preventDefault();
          if (!running) start();
        }}
      >
        <div class="lab-field wide">
          <label for={choice}>Question</label>
          <select id={choice} value={which.value} disabled={running} onChange={(e) => set("which", e.currentTarget.value, "Kind")}>
            {COMPARISONS.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </div>
        <Field name="Seeds" text={seeds.value} error={seedsError.value} off={running} onInput={(text) => set("seeds", text, "Seeds")} />
        <Field name="Steps" text={steps.value} error={stepsError.value} off={running} onInput={(text) => set("steps", text, "Steps")} />
        {/* Two buttons, by their keys: one that became the other while it is pressed would submit the form. */}
        {running ? (
          <button key="cancel" type="button" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <button key="start" type="submit" class="primary" disabled={!program.value || seedsError.value !== null || stepsError.value !== null}>
            Compare
          </button>
        )}
      </form>
      <p class="small">The models are trained on the CPU, in workers of their own; the page’s run goes on meanwhile. The same seeds give the same table everywhere.</p>
      {now && <Progress />}
      {summary.value.length > 0 && <Table />}
    </details>
  );
}

function Field({ name, text, error, off, onInput }: { name: string; text: string; error: string | null; off: boolean; onInput: (text: string) => void }) {
  const id = useId();
  return (
    <div class="lab-field">
      <label for={id}>{name}</label>
      <input id={id} type="text" inputMode="numeric" autocomplete="off" size={6} value={text} disabled={off} onInput={(e) => onInput(e.currentTarget.value)} aria-invalid={error !== null} aria-describedby={error ? `${id}-error` : undefined} />
      {error && (
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function Progress() {
  const { comparison, state, working, results, jobs, steps: all, why } = under.value!;
  if (state === "running") {
    const trained = working.reduce((sum, { steps }) => sum + steps, results.length * all);
    return (
      <div class="comparing">
        <progress max={jobs * all} value={trained} aria-label="Comparison" />
        <ul class="small">
          {working.map(({ job, steps }) => (
            <li key={`${job.arm} ${job.seed}`}>
              {comparison.arms[job.arm]!.name}, seed {job.seed}: {steps < all ? `step ${count(steps)} of ${count(all)}` : "measuring"}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return (
    <p class={state === "failed" ? "error" : "small"} role="status" data-comparison={state}>
      {state === "done"
        ? `Done: ${count(jobs)} models, ${count(all)} steps each.`
        : state === "cancelled"
          ? `Cancelled after ${count(results.length)} of ${count(jobs)} models.`
          : `The comparison failed after ${count(results.length)} of ${count(jobs)} models: ${why}`}
    </p>
  );
}

const apartOnly = signal(false);

/** The ranges over seeds do not touch. */
const apart = ({ arms }: Summary): boolean => arms.some((a, i) => arms.some((b, j) => i !== j && a.least > b.most));

/** The labels' first part is said once. */
const groups = computed(() => {
  const rows = summary.value.filter((row) => !apartOnly.value || apart(row));
  const found: { title: string; rows: { name: string; row: Summary }[] }[] = [];
  for (const row of rows) {
    const [title, name] = row.label.includes(": ") ? (row.label.split(/: (.*)/) as [string, string]) : ["held-out lists", row.label.replace(/^held-out (lists )?/, "")];
    const last = found.at(-1);
    if (last?.title === title) last.rows.push({ name, row });
    else found.push({ title, rows: [{ name, row }] });
  }
  return found;
});

function Table() {
  const { comparison, results } = under.value!;
  const each = comparison.arms.map((_, arm) => results.filter((result) => result.arm === arm).length);
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={apartOnly.value} onChange={(e) => (apartOnly.value = e.currentTarget.checked)} />
        only rows whose ranges do not touch
      </label>
      <div class="scroll compared" tabIndex={0} role="region" aria-label="The comparison’s results">
        <table>
          <caption>Mean over seeds, the least and the most in brackets; ◆ where the two do not touch</caption>
          <thead>
            <tr>
              <td />
              {comparison.arms.map(({ name }, arm) => (
                <th key={name} scope="col">
                  {name} <span class="small">{each[arm] === 1 ? "1 seed" : `${count(each[arm]!)} seeds`}</span>
                </th>
              ))}
            </tr>
          </thead>
          {groups.value.map(({ title, rows }) => (
            <tbody key={title}>
              <tr class="title">
                <th scope="rowgroup" colSpan={comparison.arms.length + 1}>
                  {title}
                </th>
              </tr>
              {rows.map(({ name, row }) => (
                <tr key={row.row} data-row={row.row}>
                  <th scope="row">
                    {apart(row) && <span title="The ranges do not touch">◆ </span>}
                    {name}
                  </th>
                  {row.arms.map((arm, i) => (
                    <td key={i}>{arm.values.length === 0 ? "–" : <Spread {...arm} loss={row.row === "loss"} />}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </>
  );
}

function Spread({ mean, least, most, loss }: { mean: number; least: number; most: number; loss: boolean }) {
  const spell = (n: number) => (loss ? n.toFixed(3) : (100 * n).toFixed(1));
  return (
    <span class="rate">
      <span>
        {spell(mean)}
        {loss ? "" : "\u00a0%"}
      </span>{" "}
      <span class="interval">
        [{spell(least)},&nbsp;{spell(most)}]
      </span>
      {!loss && <RateBar rate={{ rate: mean, low: least, high: most }} />}
    </span>
  );
}
