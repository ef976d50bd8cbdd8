// The benchmark page: this machine's steps a second on both devices, and the same as JSON.

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { MODELS, FIRST, type Row, type Summary } from "tinylens/bench/measure.mjs";
import { count, size, speed } from "../format";
import { copy, save } from "../take";
import { workbench } from "../workbench";
import { facts, found, json, plan, problem, progress, rows, start, stop } from "./measuring";

const NAME = "tinylens-benchmark.json";

/** What came of copying or saving. */
const said = signal<{ text: string; byHand?: boolean } | null>(null);

async function takeCopy(text: string): Promise<void> {
  said.value = (await copy(text)) ? { text: `Copied (${size(text.length)}).` } : { text: "The browser refused to copy: select the text below instead.", byHand: true };
}

function takeFile(text: string): void {
  save({ name: NAME, content: text });
  said.value = { text: `Saved ${NAME} (${size(text.length)}).` };
}

function App() {
  return (
    <>
      <p>
        Small models are trained on this machine’s CPU and, where the browser offers it, on its GPU by WebGPU, turn by turn in {plan.rounds} rounds. What counts is training steps a second. It takes two to
        five minutes, best with nothing else running and this tab in front. Nothing leaves this machine.
      </p>
      <Controls />
      {problem.value && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
      <Results />
      <Take />
      <Machine />
    </>
  );
}

function Controls() {
  const now = progress.value;
  return (
    <div class="measuring">
      {now ? (
        <button type="button" class="primary" key="stop" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="button" class="primary" key="start" onClick={() => ((said.value = null), void start())}>
          {json.value ? "Measure again" : "Start"}
        </button>
      )}
      {now && (
        <label>
          {now.done === 0 ? "Loading the program and opening the devices" : `${count(now.done)} of ${count(now.of)} measurements`}
          <progress value={now.done} max={now.of} />
        </label>
      )}
      <p class="unseen" role="status">
        {now ? `Measuring, ${Math.floor((4 * now.done) / now.of) * 25} percent done` : json.value ? "Measured" : ""}
      </p>
    </div>
  );
}

function Results() {
  if (rows.value.length === 0) return null;
  const whys = rows.value.filter(({ why }) => why);
  return (
    <>
      <table class="results">
        <caption>
          Steps a second once a model has done {FIRST} steps: the median, and the lowest and highest of all rounds. “New”: the first {FIRST} steps.
        </caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            {rows.value.map((row) => (
              <th key={row.id} scope="col">
                {row.name}
                {row.software && <span class="small">software, no GPU</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {MODELS.filter(({ id }) => plan.models.includes(id)).map(({ id, text }) => (
            <tr key={id} data-model={id}>
              <th scope="row">
                {id}
                <span class="small">{text}</span>
              </th>
              {rows.value.map((row) => (
                <td key={row.id} data-device={row.device}>
                  <Cell row={row} id={id} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div class="whys">
        {whys.map(({ id, name, why }) => (
          <p key={id}>
            <b>{name}:</b> {why}
          </p>
        ))}
        {rows.value.some(({ software }) => software) && (
          <p class="small">This browser’s WebGPU is imitated by the CPU. It gets a minute at most, and its figures say what overhead costs, nothing of a GPU.</p>
        )}
      </div>
    </>
  );
}

function Cell({ row, id }: { row: Row; id: string }) {
  const { first, trained, gpu } = row.models[id]!;
  if (!trained && !first) return <>–</>;
  return (
    <>
      <span class="median">{trained ? speed(trained.median) : "–"}</span>
      {trained && <span class="small">{spread(trained)}</span>}
      {first && <span class="small">new: {speed(first.median)}</span>}
      {gpu && <span class="small">{Math.round(gpu.dispatches)} dispatches a step</span>}
    </>
  );
}

const spread = ({ low, high }: Summary) => `${speed(low)} to ${speed(high)}`;

function Take() {
  const text = json.value;
  if (!text) return null;
  return (
    <div class="take">
      <button type="button" onClick={() => void takeCopy(text)}>
        Copy as JSON
      </button>
      <button type="button" onClick={() => takeFile(text)}>
        Save JSON
      </button>
      <p class={said.value?.byHand ? "error" : "small"} role="status">
        {said.value?.text}
      </p>
      {said.value?.byHand && <textarea readOnly rows={8} aria-label="The result as JSON" value={text} onFocus={(e) => e.currentTarget.select()} />}
    </div>
  );
}

function Machine() {
  const gpu = found.value;
  return (
    <section aria-labelledby="machine-title">
      <h2 id="machine-title">This machine</h2>
      <dl class="facts">
        <dt>Browser</dt>
        <dd>{facts.userAgent}</dd>
        <dt>Processor threads</dt>
        <dd>{facts.hardwareConcurrency ?? "not said"}</dd>
        <dt>Cross-origin isolated</dt>
        <dd>{facts.crossOriginIsolated ? "yes" : "no"}</dd>
        <dt>WebGPU adapter</dt>
        <dd>{gpu === null ? "asked for when measuring starts" : "why" in gpu ? gpu.why : gpu.name}</dd>
      </dl>
    </section>
  );
}

render(<App />, document.getElementById("bench")!);
// Kept for when there is no network once there is a result: the files that are fetched for it must not hold up what is measured.
const kept = effect(() => {
  if (json.value === null || workbench) return;
  queueMicrotask(() => kept());
  void navigator.serviceWorker?.register("sw.js").catch(() => {});
});
