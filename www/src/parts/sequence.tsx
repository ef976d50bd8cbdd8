// The example: a list that can be typed, its tokens in a row, each of which can be edited, and under them what the model says
// comes next. Once something is edited, the edited sequence stands below the clean one.

import { signal } from "@preact/signals";
import { numbers, redoable, seal, setView, undoable, view } from "../document";
import { anyEdit, clean, compared, discard, edited as editedPrompt, own, places, setNumbers, trouble } from "../edit";
import { readNumbers } from "../prompt";
import { edited, experiment, numbersError, sequence } from "../state";
import { redo, undo } from "../undo";
import type { Placed } from "../slots";
import { Generation } from "./editor/generation";
import { HELP } from "./editor/keys";
import { Presets } from "./editor/presets";
import { Row } from "./editor/row";
import { Redo, Undo } from "./icons";
import { LoadingLine } from "./loading";
import { Term } from "./term";

/** The notebook's sequence fills a line. */
const LINE = 12;
/** As typed; null: as it is shown. */
const typed = signal<string | null>(null);

export function SequenceRow() {
  const now = sequence.value;
  return (
    <section class="sequence" aria-labelledby="sequence-title">
      <div class="head">
        <h2 id="sequence-title">Sequence</h2>
        <ListField />
        <Changes />
        <label class="check">
          <input type="checkbox" checked={view.value.everywhere} onChange={(e) => setView("everywhere", e.currentTarget.checked, "Predictions at every position")} />
          every position’s prediction
        </label>
      </div>
      {now ? <Rows /> : <LoadingLine />}
      {trouble.value && (
        <p class="error" role="alert">
          {trouble.value}
        </p>
      )}
      {now && (
        <div class="folds">
          <Presets />
          <Generation />
        </div>
      )}
      <p id="editor-keys" class="unseen">
        {HELP}
      </p>
    </section>
  );
}

/** Undo, redo, and all back to the clean list. */
function Changes() {
  return (
    <div class="changes">
      <button type="button" class="icon" onClick={undo} disabled={!undoable.value} aria-label="Undo" aria-keyshortcuts="z" title={undoable.value ? `Undo (z): ${undoable.value}` : "Undo (z)"}>
        <Undo />
      </button>
      <button type="button" class="icon" onClick={redo} disabled={!redoable.value} aria-label="Redo" aria-keyshortcuts="Shift+Z" title={redoable.value ? `Redo (Z): ${redoable.value}` : "Redo (Z)"}>
        <Redo />
      </button>
      {anyEdit.value && (
        <button type="button" onClick={discard}>
          Discard all edits
        </button>
      )}
    </div>
  );
}

function Rows() {
  const whole = sequence.value!;
  const given = whole.tokens.slice(0, whole.mid + 1).map((token, slot): Placed => ({ slot, token, clean: token, gone: false, moved: false }));
  const both = compared.value !== null;
  // The worker's look at the edited prompt comes a moment after the edit.
  const there = edited.value && compared.value && edited.value.mid + 1 === compared.value.length ? edited.value : null;
  const across = Math.max(LINE, whole.labels.length, (there?.labels.length ?? 0) + places.value.filter(({ gone }) => gone).length);
  const shown = { across, everywhere: view.value.everywhere, own: own.value, numbered: both };
  // The row that is edited keeps its key: whoever is typing in it goes on typing when the clean one comes to stand above.
  return (
    <>
      {both && <h3 key="clean title">Clean</h3>}
      {both && <Row key="clean" side="clean" editable={false} sequence={whole} places={given} against={null} {...shown} hint={null} />}
      {both && (
        <h3 key="edited title">
          Edited <span class="small">{whatEditsDo()}</span>
        </h3>
      )}
      {both ? (
        <Row key="editor" side="edited" editable sequence={there} places={places.value} against={there && whole} {...shown} hint={null} />
      ) : (
        <Row key="editor" side="clean" editable sequence={whole} places={given} against={null} {...shown} hint={!view.value.everywhere && <Hint />} />
      )}
    </>
  );
}

function Hint() {
  return (
    <p class="small">
      {own.value ? "From" : "Under each token from"} <Term id="mid">MID</Term> on{own.value ? " the model’s own tokens" : ": what the model says comes next, and how sure it is"}. Click a <Term id="token">token</Term> of the{" "}
      <Term id="prompt">prompt</Term> to change it.
    </p>
  );
}

/** What the edits do to positions, in plain words. */
function whatEditsDo(): string {
  const prompt = editedPrompt.value;
  if (!prompt) return "the same prompt, read by the model with parts taken out";
  const by = prompt.length - clean.value.length;
  const words = `${Math.abs(by)} ${Math.abs(by) === 1 ? "token" : "tokens"}`;
  const shifted = places.value.some(({ gone, clean, moved }) => gone || clean === null || moved);
  if (by === 0) return shifted ? "as long as the clean one, with some tokens at other positions" : "as long as the clean one: what was only replaced keeps its position";
  return by < 0 ? `really shorter by ${words}: what follows a deletion has moved to earlier positions` : `longer by ${words}: what follows an insertion has moved to later positions`;
}

function ListField() {
  const task = experiment.value?.task;
  const read = task && typed.value !== null ? readNumbers(typed.value, task) : null;
  const error = read && "error" in read ? read.error : numbersError.value;
  const enter = (text: string) => {
    if (!task) return;
    typed.value = text;
    const read = readNumbers(text, task);
    if ("numbers" in read) setNumbers(read.numbers, "list");
  };
  const forget = () => {
    typed.value = null;
    seal();
  };
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
