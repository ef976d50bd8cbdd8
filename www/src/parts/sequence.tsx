// The example: a list that can be edited, its tokens in a row, and under each what the model says comes next.

import { signal } from "@preact/signals";
import { roughPercent } from "../format";
import { readNumbers } from "../prompt";
import type { Sequence } from "../protocol";
import { showNumbers } from "../session";
import { experiment, numbers, numbersError, sequence } from "../state";
import { Right, Wrong } from "./icons";
import { LoadingLine } from "./loading";

/** Predictions that the loss does not count are hidden until asked for. */
const everywhere = signal(false);
/** More tokens than this are drawn smaller. */
const MANY = 36;
/** As typed; null: as it is shown. */
const typed = signal<string | null>(null);

export function SequenceRow() {
  const now = sequence.value;
  return (
    <section class="sequence" aria-labelledby="sequence-title">
      <div class="head">
        <h2 id="sequence-title">Sequence</h2>
        <ListField />
        <label class="check">
          <input type="checkbox" checked={everywhere.value} onChange={(e) => (everywhere.value = e.currentTarget.checked)} />
          every position’s prediction
        </label>
      </div>
      {now ? <Tokens sequence={now} /> : <LoadingLine />}
    </section>
  );
}

function ListField() {
  const task = experiment.value?.task;
  const read = task && typed.value !== null ? readNumbers(typed.value, task) : null;
  const error = read && "error" in read ? read.error : numbersError.value;
  const enter = (text: string) => {
    if (!task) return;
    typed.value = text;
    const read = readNumbers(text, task);
    if ("numbers" in read) showNumbers(read.numbers);
  };
  const forget = () => (typed.value = null);
  return (
    <div class="list">
      <label for="list">List</label>
      <input
        id="list"
        type="text"
        autocomplete="off"
        spellcheck={false}
        disabled={!task}
        value={typed.value ?? numbers.value.join(", ")}
        onInput={(e) => enter(e.currentTarget.value)}
        onBlur={() => error || forget()}
        onKeyDown={(e) => e.key === "Escape" && forget()}
        aria-invalid={error !== null}
        aria-describedby={error ? "list-error" : undefined}
      />
      {error && (
        <p id="list-error" class="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function Tokens({ sequence: { labels, mid, predictions } }: { sequence: Sequence }) {
  const positions = labels.map((label, i) => {
    const prediction = predictions[i];
    const counts = i >= mid && prediction?.right !== null;
    return <Token key={i} label={label} position={i} special={i === mid || (i === 0 && mid > 0 && !/^-?\d+$/.test(label))} prediction={counts || everywhere.value ? prediction : undefined} counts={counts} />;
  });
  return (
    <div class={`tokens ${labels.length > MANY ? "dense" : ""}`}>
      <div class="prompt">
        <ol aria-label="What the model is given">{positions.slice(0, mid)}</ol>
        {!everywhere.value && <p class="small">Under each token from MID on: what the model says comes next, and how sure it is.</p>}
      </div>
      <ol class="answer" start={mid} aria-label="From MID on: the sorted list, and what the model says comes next">
        {positions.slice(mid)}
      </ol>
    </div>
  );
}

type TokenProps = { label: string; position: number; special: boolean; counts: boolean; prediction: Sequence["predictions"][number] | undefined };

function Token({ label, position, special, counts, prediction }: TokenProps) {
  const right = prediction?.right ?? null;
  const verdict = right === null ? "" : right ? "right" : "wrong";
  return (
    <li class={`token ${special ? "special" : ""}`}>
      <span class="label" title={`position ${position}`}>
        {label}
      </span>
      {prediction && (
        <span class={`prediction ${counts ? verdict : "uncounted"}`}>
          <span class="unseen">next, says the model: </span>
          <span class="guess">
            {prediction.label}
            {counts && right !== null && <span class="mark">{right ? <Right /> : <Wrong />}</span>}
          </span>
          <span class="unseen">{counts ? `, ${verdict}, ` : ", "}</span>
          <span class="probability">{roughPercent(prediction.probability)}</span>
          <meter class="bar" min={0} max={1} value={prediction.probability} aria-hidden="true" />
        </span>
      )}
    </li>
  );
}
