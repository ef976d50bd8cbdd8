// What came of one experiment: the notebook's sentence and this model's, what was written at each place, a sweep if there is
// one, and the lists that failed, each a way into the sequence editor.

import type { AblationReport } from "tinylens";
import { openPrompt } from "../edit";
import { KINDS, tokenName, type Experiment } from "../experiments";
import { count, roughPercent } from "../format";
import { results, type Sweep } from "../lab";
import { behavior } from "../motion";
import { HeatLegend, heat } from "./heat";
import { SweepMap } from "./sweep";
import type { TaskConfig } from "../sorter";

type Props = { one: Experiment; task: TaskConfig; report: AblationReport | null; sweep: Sweep | null };

export function BatteryDetail({ one, task, report, sweep }: Props) {
  const baseline = results.value.baseline;
  // Another step's baseline is another model's.
  const clean = baseline && !("error" in baseline.answer) && baseline.step === results.value[one.id]?.step ? baseline.answer : null;
  const spell = (token: number) => tokenName(task, token);
  return (
    <div class="detail">
      <dl class="said">
        <dt>The notebook</dt>
        <dd>{one.notebook}</dd>
        <dt>This model</dt>
        <dd data-figure="sentence">{report ? one.here(report, clean, spell) : "Not measured yet."}</dd>
      </dl>
      {sweep && <SweepMap sweep={sweep} one={one} task={task} />}
      {report && (
        <div class="evidence">
          <Confusion report={report} />
          <Failed report={report} spell={spell} />
        </div>
      )}
    </div>
  );
}

function Confusion({ report: { confusion } }: { report: AblationReport }) {
  // What was never written needs no column.
  const kinds = KINDS.map((name, kind) => ({ name, kind })).filter(({ kind }) => confusion.some((place) => place[kind]! > 0));
  return (
    <div class="confusion" tabIndex={0} role="group" aria-label="What was written, as a table">
      <table class="heat">
        <caption>What was written at each place of the answer</caption>
        <thead>
          <tr>
            <td />
            {kinds.map(({ name, kind }) => (
              <th key={kind} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((counts, place) => {
            const all = counts.reduce((sum, n) => sum + n, 0);
            return (
              <tr key={place}>
                <th scope="row">{place + 1}</th>
                {kinds.map(({ kind }) => {
                  const share = counts[kind]! / Math.max(1, all);
                  return (
                    <td key={kind} {...heat(share)} title={`${count(counts[kind]!)} of ${count(all)}`}>
                      {counts[kind]! > 0 ? (share < 0.005 ? "<1\u00a0%" : roughPercent(share)) : ""}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
      <HeatLegend />
    </div>
  );
}

function Failed({ report: { failed, exact, lists }, spell }: { report: AblationReport; spell: (token: number) => string }) {
  const all = Math.round((1 - exact.rate) * lists);
  if (failed.length === 0) return <p class="failed small">No list failed.</p>;
  const text = (tokens: number[]) => tokens.map(spell).join(" ");
  return (
    <div class="failed">
      <p class="small">
        {failed.length < all ? `The first ${count(failed.length)} of ${count(all)} lists` : failed.length === 1 ? "The list" : `The ${count(failed.length)} lists`} that failed. Press one to open it in the sequence.
      </p>
      <ul class="scroll">
        {failed.map(({ list, prompt, answer }, i) => (
          <li key={i}>
            <button type="button" onClick={() => openFailed(prompt, list)}>
              <span>{text(prompt)}</span>{" "}
              <span class="arrow" aria-hidden="true">
                →
              </span>
              <span class="unseen">, answered </span> <span class="answered">{text(answer)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** In the sequence, which may be far above. */
function openFailed(prompt: number[], list: number[]): void {
  openPrompt(prompt, list);
  document.querySelector(".sequence")?.scrollIntoView({ block: "start", behavior: behavior() });
}
