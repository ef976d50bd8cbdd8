// The controls of training, and its figures.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { trainOne } from "../arrival";
import { seed, startSeed } from "../draft";
import { count, loss as lossText, percent, plain, speed } from "../format";
import type { TermId } from "../help";
import { pause, play, reset, train } from "../session";
import { evaluated, experiment, file, goal, learningRate, loss, playing, settings, step, stepsPerSecond } from "../state";
import { Pause, Play, Reset, Step } from "./icons";
import { Term } from "./term";

const MOST_STEPS = 1_000_000;
const steps = signal("100");

export function Transport() {
  const off = experiment.value === null;
  const going = playing.value;
  const wanted = Number(steps.value);
  const valid = Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_STEPS;
  const trainSteps = (event: Event) => {
    event.preventDefault();
    if (valid && !off) train(wanted);
  };
  return (
    <section class="transport" aria-label="Transport">
      <button type="button" class="icon" disabled={off} onClick={reset} title="Reset (r)" aria-label={file.value ? "Reset to the file’s weights" : "Reset to step 0"} aria-keyshortcuts="r">
        <Reset />
      </button>
      <button type="button" class="primary play" disabled={off} onClick={going ? pause : play} title={going ? "Pause (space)" : "Play (space)"} aria-keyshortcuts="Space">
        {going ? <Pause /> : <Play />}
        <span>{going ? "Pause" : "Play"}</span>
      </button>
      <button type="button" class="icon" disabled={off} onClick={trainOne} title="One step (.)" aria-label="One step" aria-keyshortcuts=".">
        <Step />
      </button>
      <form onSubmit={trainSteps}>
        <input
          type="text"
          inputMode="numeric"
          size={5}
          value={steps.value}
          onInput={(e) => (steps.value = e.currentTarget.value)}
          aria-label={`Number of steps, 1 to ${count(MOST_STEPS)}`}
          aria-invalid={!valid}
        />
        <button type="submit" disabled={off || !valid} title={valid ? `Train ${count(wanted)} steps, then rest` : `A whole number from 1 to ${count(MOST_STEPS)}`}>
          steps
        </button>
      </form>
      {/* Where the transport is all that is sure to be in view. The figures themselves are in the readouts. */}
      <p class="brief" aria-hidden="true">
        step {count(step.value)}
        {loss.value !== null && `, loss ${lossText(loss.value)}`}
        {evaluated.value && `, ${percent(evaluated.value.evaluation.sequenceAccuracy)} of lists right`}
      </p>
    </section>
  );
}

export function Readouts() {
  const seen = evaluated.value?.evaluation;
  const target = playing.value && Number.isFinite(goal.value) ? `to ${count(goal.value)}` : null;
  const rate = stepsPerSecond.value;
  return (
    <section class="readouts" aria-label="Figures">
      <dl>
        <Figure name="Step" term="step" value={count(step.value)} note={target ?? (rate ? `${speed(rate)} a second` : "")} id="step" />
        <Figure name="Loss" term="loss" value={loss.value === null ? "–" : lossText(loss.value)} note={seen ? `held out ${lossText(seen.loss)}` : ""} id="loss" />
        <Figure name="Token accuracy" term="token_accuracy" value={seen ? percent(seen.tokenAccuracy) : "–"} id="tokens" />
        <Figure name="Sequence accuracy" term="sequence_accuracy" value={seen ? percent(seen.sequenceAccuracy) : "–"} id="sequences" />
      </dl>
      <p class="small">
        <span data-figure="lists">
          {!seen ? null : !seen.heldOut ? (
            "Accuracy on lists it trained on: the task has too few to hold any out."
          ) : (
            <>
              Accuracy on {count(seen.lists)} <Term id="held_out">held-out</Term> lists.
            </>
          )}
        </span>{" "}
        {learningRate.value !== null && (
          <>
            <Term id="learning_rate">Learning rate</Term> <span data-figure="rate">{plain(Number(learningRate.value.toPrecision(3)))}</span>.
          </>
        )}
      </p>
      {/* A file's weights come from no seed of ours. */}
      {!file.value && <SeedField />}
    </section>
  );
}

function Figure({ name, term, value, note = "", id }: { name: string; term: TermId; value: ComponentChildren; note?: string; id: string }) {
  return (
    <div>
      <dt>
        <Term id={term}>{name}</Term>
      </dt>
      <dd>
        <span class="value" data-figure={id}>
          {value}
        </span>
        <span class="small" data-note={id}>
          {note}
        </span>
      </dd>
    </div>
  );
}

const typedSeed = signal<string | null>(null);

function SeedField() {
  const now = seed.value;
  const range = settings.value.find(({ path }) => path === "model.seed");
  const text = typedSeed.value ?? (now === null ? "" : String(now));
  const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  const fits = range !== undefined && value >= (range.min ?? 0) && value <= (range.max ?? Infinity);
  const wrong = typedSeed.value !== null && !fits;
  const commit = () => {
    if (typedSeed.value === null || wrong) return;
    typedSeed.value = null;
    if (value !== now) startSeed(value, goal.value === Infinity);
  };
  return (
    <form
      class="seed"
      onSubmit={(e) => {
        e.preventDefault();
        commit();
      }}
    >
      <label for="seed">Seed</label>
      <input
        id="seed"
        type="text"
        inputMode="numeric"
        autocomplete="off"
        disabled={!range}
        value={text}
        placeholder={now === null ? "two seeds" : ""}
        onInput={(e) => (typedSeed.value = e.currentTarget.value)}
        onChange={commit}
        aria-invalid={wrong}
        aria-describedby={wrong ? "seed-error" : "seed-help"}
      />
      {wrong ? (
        <span id="seed-error" class="error">
          A whole number from {count(range?.min ?? 0)} to {count(range?.max ?? 0)}; seed {now ?? ""} stays.
        </span>
      ) : (
        <span id="seed-help" class="small">
          Another <Term id="seed">seed</Term> starts a new run.
        </span>
      )}
    </form>
  );
}
