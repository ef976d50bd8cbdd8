// The ablation table: a row for each of the notebook's experiments, with what is to be measured on the left and the rates on
// the right. A row opens to tell what it means (battery.tsx).

import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { AblationName } from "tinylens";
import { described } from "../ablation";
import { able, choose, chosen, isStale, lists, listsError, run, runAll, seed, seedError, setLists, setSeed, stop, sweeping } from "../batteries";
import { scene, type Choice } from "../document";
import { interventions } from "../edit";
import { EXPERIMENTS, impossible, MEASURES, runs, sites, tokenName, usual, type Experiment } from "../experiments";
import { count } from "../format";
import { ended, results, stale, sweeps, underWay } from "../lab";
import { experiment, playing, step } from "../state";
import { BatteryDetail } from "./battery";
import { Play } from "./icons";
import { RateText } from "./rate";
import { Term } from "./term";

const open = signal<ReadonlySet<AblationName>>(new Set());

function toggle(id: AblationName): void {
  const next = new Set(open.value);
  if (!next.delete(id)) next.add(id);
  open.value = next;
}

export function Ablations() {
  return (
    <section class="ablations" aria-labelledby="ablations-title">
      <div class="head">
        <h2 id="ablations-title">
          <Term id="ablation">Ablations</Term>
        </h2>
        <p class="readout">
          The notebook’s experiments, each over many random lists, with <Term id="interval">95 % intervals</Term>.
        </p>
        <Controls />
      </div>
      <Progress />
      <Under />
      {/* Roles are spelled out: on a narrow screen the rows are laid out as blocks, and browsers then forget that it is a table. */}
      <table role="table" class="batteries">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Experiment</th>
            <th role="columnheader" scope="col">Where, and what</th>
            {MEASURES.map(({ id, name }) => (
              <th key={id} role="columnheader" scope="col">
                <Term id={id}>{name}</Term>
                <span class="plain">{name}</span>
              </th>
            ))}
            <th role="columnheader" scope="col">
              <span class="unseen">Run</span>
            </th>
          </tr>
        </thead>
        {EXPERIMENTS.map((one) => (
          <Row key={one.id} one={one} />
        ))}
      </table>
    </section>
  );
}

function Controls() {
  const going = underWay.value !== null;
  return (
    <form
      class="lab-controls"
      onSubmit={(e) => {
        e.preventDefault();
        if (!going) runAll();
      }}
    >
      <Field name="Lists" text={lists.value} error={listsError.value} onInput={setLists} />
      <Field name="Seed" text={seed.value} error={seedError.value} onInput={setSeed} />
      {going ? (
        <button key="stop" type="button" onClick={stop}>
          Stop
        </button>
      ) : (
        <button key="start" type="submit" class="primary" disabled={!able.value}>
          Run all
        </button>
      )}
    </form>
  );
}

function Field({ name, text, error, onInput }: { name: string; text: string; error: string | null; onInput: (text: string) => void }) {
  const id = useId();
  return (
    <div class="lab-field">
      <label for={id}>{name}</label>
      <input id={id} type="text" inputMode="numeric" autocomplete="off" size={6} value={text} onInput={(e) => onInput(e.currentTarget.value)} aria-invalid={error !== null} aria-describedby={error ? `${id}-error` : undefined} />
      {error && (
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** One line at all times, so that nothing jumps when a battery begins. */
function Progress() {
  const now = underWay.value;
  if (now) {
    const of = now.tasks.length;
    const task = now.tasks[Math.min(now.index, of - 1)]!;
    const name = EXPERIMENTS.find(({ id }) => id === task.experiment)!.name;
    return (
      <p class="small lab-progress">
        <progress max={of} value={now.index + now.done / now.lists} aria-label="Batteries" />
        <span>
          {name}: {count(now.done)} of {count(now.lists)} lists{of > 1 && `; battery ${count(Math.min(now.index + 1, of))} of ${count(of)}`}
        </span>
      </p>
    );
  }
  const some = Object.keys(results.value).length > 0;
  const said = { done: "", stopped: "Stopped; what was measured stays. ", failed: "The worker failed on the way; run it again. " }[ended.value ?? "done"];
  return (
    <p class="small lab-progress" role="status">
      {said}
      {!some
        ? "Nothing measured yet."
        : stale.value
          ? `Pale rows were measured at the step they name; the model is at step ${playing.value ? "… and moving" : count(step.value)}.`
          : `Measured on the model as it is, at step ${count(step.value)}.`}
    </p>
  );
}

/** What is taken out of the model (in the attention's part of the page) is out here too. */
function Under() {
  const { ablations } = scene.value;
  if (interventions.value.length === 0) return null;
  return <p class="small">With parts of the model taken out: {ablations.map(described).join("; ")}.</p>;
}

function Row({ one }: { one: Experiment }) {
  const task = experiment.value?.task;
  const result = results.value[one.id];
  const why = task ? impossible(one, task) : null;
  const pale = isStale(one, step.value);
  const shown = open.value.has(one.id) && why === null;
  const busy = underWay.value?.tasks[underWay.value.index]?.experiment === one.id;
  const report = result && !("error" in result.answer) ? result.answer : null;
  const id = useId();
  return (
    <tbody role="rowgroup" class={`battery ${pale ? "stale" : ""} ${busy ? "busy" : ""}`} data-experiment={one.id} data-step={result?.step}>
      <tr role="row">
        <th role="rowheader" scope="row">
          <button type="button" class="expand" disabled={why !== null} aria-expanded={shown} aria-controls={id} onClick={() => toggle(one.id)}>
            <span class="name">{one.name}</span>
          </button>
          <span class="small">
            {one.does}
            {result && pale && <span class="at">, step {count(result.step)}</span>}
          </span>
        </th>
        {why !== null ? (
          <td role="cell" class="why small" colSpan={MEASURES.length + 1}>
            {why}
          </td>
        ) : (
          <>
            <td role="cell" class="where-what">{task && <ChoicesOf one={one} />}</td>
            {result && "error" in result.answer ? (
              <td role="cell" class="why" colSpan={MEASURES.length}>
                <span class="error">{result.answer.error}</span>
              </td>
            ) : report && task && one.id === "bos_only" ? (
              // One prompt, so that there are no rates.
              <td role="cell" class="why" colSpan={MEASURES.length} data-answer>
                answers {runs(report.failed[0]?.answer ?? [], (token) => tokenName(task, token))}
              </td>
            ) : (
              MEASURES.map(({ id: measure, name }) => (
                <td key={measure} role="cell" class="figure" data-measure={measure} data-value={report?.[measure].rate} data-name={name}>
                  {report ? <RateText rate={report[measure]} /> : <span class="small">–</span>}
                </td>
              ))
            )}
          </>
        )}
        <td role="cell" class="go">
          <button type="button" class="icon" disabled={why !== null || !able.value || underWay.value !== null} onClick={() => run([one])} aria-label={`Run ${one.name}`} title={`Run ${one.name}`}>
            <Play />
          </button>
        </td>
      </tr>
      {shown && task && (
        <tr role="row" class="opened" id={id}>
          <td role="cell" colSpan={MEASURES.length + 3}>
            <BatteryDetail one={one} task={task} report={report} sweep={sweeps.value[one.id] ?? null} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function ChoicesOf({ one }: { one: Experiment }) {
  const { task, model } = experiment.value!;
  const { site, value } = chosen(one);
  const preset = usual(one, task);
  const places = sites(one, task);
  const place = (n: number) => (one.site === "count" ? (n === 1 ? "1 number" : `${n} numbers`) : `list[${n}]`);
  const pick = (change: { site?: Choice; value?: Choice }) => {
    choose(one, change);
    // What a sweep finds is in the opened row.
    if (sweeping({ ...chosen(one) }) && !open.value.has(one.id)) toggle(one.id);
  };
  return (
    <>
      {one.site && (
        <select class="quiet" aria-label={`${one.name}: ${one.site === "count" ? "how many numbers stay" : "site"}`} value={site} onChange={(e) => pick({ site: e.currentTarget.value as Choice })}>
          <option value="">{place(preset.site ?? 0)} · notebook</option>
          <option value="random">{one.site === "count" ? "random number of them" : "random site"}</option>
          <option value="every">{one.site === "count" ? "every number of them" : "every site"}</option>
          {places.map((n) => (
            <option key={n} value={String(n)}>
              {place(n)}
            </option>
          ))}
        </select>
      )}
      {one.value && (
        <select class="quiet" aria-label={`${one.name}: value`} value={value} onChange={(e) => pick({ value: e.currentTarget.value as Choice })}>
          <option value="">{tokenName(task, preset.value ?? 0)} · notebook</option>
          <option value="random">random value</option>
          <option value="every">every value</option>
          {Array.from({ length: model.d_vocab }, (_, token) => (
            <option key={token} value={String(token)}>
              {tokenName(task, token)}
            </option>
          ))}
        </select>
      )}
    </>
  );
}
