// Runs kept by name: the present one can be kept or saved as a file, and each that is kept opened, compared, renamed, saved as a file
// or deleted.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, loss as lossText, moment, percent, size } from "../../format";
import { experiment } from "../../state";
import { compare, pair } from "../../store/compare";
import { busy, exported, imported, keep, open, remove, rename, runs, said, suggestedName, undoRemove, unstored } from "../../store/runs";
import type { Head } from "../../store/shelf";
import { save } from "../../take";
import { Compare } from "./compare";

/** The panel is open: a comparison follows the run on screen only where somebody sees it. */
const shown = signal(false);
/** As typed; null: the suggestion. */
const typed = signal<string | null>(null);
/** The run that is being given another name. */
const renaming = signal<string | null>(null);

export function Runs() {
  const all = runs.value ?? [];
  const there = all.filter(({ deleted }) => !deleted).length;
  const stored = unstored.value === null ? (there === 0 ? "keep this run, and compare it with others" : `${count(there)} kept`) : `not stored: ${unstored.value}`;
  return (
    <details class="runs" onToggle={(e) => (shown.value = e.currentTarget.open)}>
      <summary>
        Runs <span class="small">{stored}</span>
      </summary>
      {unstored.value !== null && <p class="small">What is kept here is gone when the page is closed. Save it as a file, and it can be imported again.</p>}
      <KeepForm />
      <p class={said.value?.wrong ? "error" : "small"} role="status" data-runs="said">
        {said.value?.text}
      </p>
      {all.length > 0 && (
        <ul class="run-list">
          {all.map((run) => (run.deleted ? <Deleted key={run.id} run={run} /> : <Run key={run.id} run={run} />))}
        </ul>
      )}
      {shown.value && pair.value && <Compare />}
    </details>
  );
}

async function saveFile(id: string | null): Promise<void> {
  const made = await exported(id);
  if (!made) return;
  save(made);
  said.value = { text: `Saved ${made.name} (${size(made.content.size)}).` };
}

function choose(): void {
  const field = document.createElement("input");
  field.type = "file";
  field.accept = ".tinylens";
  field.onchange = () => {
    const file = field.files?.[0];
    if (file) void imported(file, file.name, false);
  };
  field.click();
}

function KeepForm() {
  const off = experiment.value === null || busy.value;
  const submit = (event: Event) => {
    event.preventDefault();
    if (off) return;
    void keep(typed.value ?? "");
    typed.value = null;
  };
  return (
    <form class="lab-controls" onSubmit={submit}>
      <div class="lab-field wide">
        <label for="run-name">Name</label>
        <input id="run-name" type="text" autocomplete="off" maxLength={200} value={typed.value ?? ""} placeholder={suggestedName.value} onInput={(e) => (typed.value = e.currentTarget.value)} />
      </div>
      <button type="submit" class="primary" disabled={off}>
        Keep this run
      </button>
      <button type="button" disabled={off} onClick={() => void saveFile(null)}>
        Save as a file
      </button>
      <button type="button" onClick={choose} title="Or drop its file anywhere on the page">
        Import…
      </button>
    </form>
  );
}

function Run({ run }: { run: Head }) {
  const { id, name, step, loss, evaluated, saved, file } = run;
  const compared = pair.value?.includes(id) ?? false;
  return (
    <li class={compared ? "run compared-run" : "run"} data-run={name}>
      {renaming.value === id ? <NameField id={id} name={name} /> : <b class="name">{name}</b>}
      <span class="facts">
        <span>step {count(step)}</span>
        <span>{loss !== null && `loss ${lossText(loss)}`}</span>
        <span>{evaluated && `${percent(evaluated.evaluation.sequenceAccuracy)} of lists right`}</span>
        <span class="small">{moment(saved)}</span>
        {file && file.name !== name && <span class="small from">{file.name}</span>}
      </span>
      <span class="acts">
        <button type="button" aria-label={`Open ${name}`} disabled={busy.value} onClick={() => void open(id)}>
          Open
        </button>
        <button type="button" aria-label={`Compare ${name}`} aria-pressed={compared} onClick={() => (compared ? (pair.value = null) : compare(id))}>
          Compare
        </button>
        <button type="button" data-rename aria-label={`Rename ${name}`} onClick={() => (renaming.value = id)}>
          Rename
        </button>
        <button type="button" aria-label={`Save ${name} as a file`} disabled={busy.value} onClick={() => void saveFile(id)}>
          Save
        </button>
        <button type="button" aria-label={`Delete ${name}`} disabled={busy.value} onClick={() => void remove(id)}>
          Delete
        </button>
      </span>
    </li>
  );
}

function NameField({ id, name }: { id: string; name: string }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current!.select(), []);
  const done = (text: string | null) => {
    if (renaming.value !== id) return; // Enter takes the field away, and that is a blur too
    renaming.value = null;
    if (text !== null) void rename(id, text);
  };
  return (
    <input
      ref={field}
      type="text"
      class="name"
      autocomplete="off"
      maxLength={200}
      aria-label={`New name of ${name}`}
      defaultValue={name}
      onBlur={(e) => done(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key !== "Enter" && e.key !== "Escape") return;
        const row = e.currentTarget.closest("li");
        done(e.key === "Enter" ? e.currentTarget.value : null);
        row?.querySelector<HTMLButtonElement>("[data-rename]")?.focus();
      }}
    />
  );
}

function Deleted({ run: { id, name } }: { run: Head }) {
  const undo = useRef<HTMLButtonElement>(null);
  // In the place of the button that was pressed.
  useLayoutEffect(() => undo.current!.focus({ preventScroll: true }), []);
  return (
    <li class="run gone">
      <span>“{name}” is deleted.</span>
      <button ref={undo} type="button" aria-label={`Undo: bring ${name} back`} disabled={busy.value} onClick={() => void undoRemove(id)}>
        Undo
      </button>
    </li>
  );
}
