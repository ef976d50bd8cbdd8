// The line about a link that was opened: how far its run is, what came out, the file that it needs, and what in it was ignored.

import { useRef } from "preact/hooks";
import { accept, arrival, dismiss, type Arrival } from "../arrival";
import { count } from "../format";
import { take } from "../incoming";
import { DIGITS } from "../link";
import { pause } from "../session";
import { step } from "../state";

export function ArrivalLine() {
  const now = arrival.value;
  const silent = !now || (now.stage === "done" && now.said === null && now.warnings.length === 0);
  return (
    <div class="notice-place" role="status">
      {!silent && (
        <div class="notice arrival">
          {now.stage === "file" ? <Wanted now={now} /> : now.stage === "training" ? <Training now={now} /> : now.stage === "comparing" ? <p>Comparing with what the link says…</p> : now.said && <p data-figure="verdict">{now.said}</p>}
          {now.stage === "done" && (
            <div class="notice-actions">
              <button type="button" onClick={dismiss}>
                Dismiss
              </button>
            </div>
          )}
          <Warnings warnings={now.warnings} />
        </div>
      )}
    </div>
  );
}

function Training({ now }: { now: Arrival }) {
  const { steps } = now.record.train;
  return (
    <>
      <label class="coming">
        Training to step {count(steps)}, as the link says
        <progress value={Math.min(step.value, steps)} max={steps} />
      </label>
      <div class="notice-actions">
        <button type="button" onClick={pause}>
          Cancel
        </button>
      </div>
    </>
  );
}

function Wanted({ now: { record, wrong } }: { now: Arrival }) {
  const field = useRef<HTMLInputElement>(null);
  const { name, format, fingerprint } = record.file;
  const digits = (text: string) => <code>{text.slice(0, DIGITS)}</code>;
  return (
    <>
      {wrong ? (
        <p>
          <b>{wrong.origin.name}</b> holds another model: its fingerprint begins with {digits(wrong.facts.fingerprint)}, the link’s with {digits(fingerprint!)}.
        </p>
      ) : (
        <p>
          This link shows a model from a file that is not in it: <b>{name ?? "without a name"}</b>
          {format && ` (${format})`}. Choose that file, or drop it on the page.
        </p>
      )}
      <div class="notice-actions">
        <button type="button" class="primary" onClick={() => field.current!.click()}>
          Choose {wrong ? "another file" : "the file"}…
        </button>
        <input
          ref={field}
          type="file"
          hidden
          aria-label="The link’s file"
          onChange={(e) => {
            void take(e.currentTarget.files ?? []);
            e.currentTarget.value = "";
          }}
        />
        {wrong && (
          <button type="button" onClick={() => void accept(wrong)}>
            Use it anyway
          </button>
        )}
        <button type="button" onClick={dismiss}>
          Go on without it
        </button>
      </div>
    </>
  );
}

function Warnings({ warnings }: { warnings: string[] }) {
  if (warnings.length === 0) return null;
  return (
    <details class="warnings">
      <summary>{warnings.length === 1 ? "One thing in the link was ignored" : `${count(warnings.length)} things in the link were ignored`}</summary>
      <ul>
        {warnings.map((warning, i) => (
          <li key={i}>{warning}</li>
        ))}
      </ul>
    </details>
  );
}
