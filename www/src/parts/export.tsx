// Files out: the model, and as JSON what is on screen or any tensor by its name.

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { size } from "../format";
import type { Export, Wanted } from "../protocol";
import { exportFile, send } from "../session";
import { experiment, file, names } from "../state";
import { copy, save } from "../take";

const shown = signal(false);
/** The last thing done, in a sentence. */
const said = signal<{ text: string; wrong?: boolean } | null>(null);
/** A text that the browser refused to copy: it can be selected by hand. */
const byHand = signal<{ name: string; text: string } | null>(null);
/** As an option's value: "pattern", "predictions", or "tensor " and a name. */
const picked = signal("pattern");

/** Characters of a text that a field on the page can hold without trouble. */
const MOST_BY_HAND = 1_000_000;

/** What names of files begin with. */
const stem = (): string => file.value?.origin.name.replace(/\.[^.]*$/, "") || "tinylens";

async function fetched(wanted: Wanted): Promise<Export | null> {
  byHand.value = said.value = null;
  try {
    return await exportFile(wanted, stem());
  } catch (error) {
    said.value = { text: error instanceof Error ? error.message : String(error), wrong: true };
    return null;
  }
}

async function download(wanted: Wanted): Promise<void> {
  const found = await fetched(wanted);
  if (!found) return;
  save(found);
  said.value = { text: `Saved ${found.name} (${size(new Blob([found.content]).size)}).` };
}

async function copyText(wanted: Wanted): Promise<void> {
  const found = await fetched(wanted);
  if (!found) return;
  const text = String(found.content);
  if (await copy(text)) said.value = { text: `Copied what would be ${found.name} (${size(text.length)}).` };
  else if (text.length > MOST_BY_HAND) said.value = { text: `The browser refused to copy, and ${size(text.length)} of text are too much to select by hand: save it instead.`, wrong: true };
  else {
    byHand.value = { name: found.name, text };
    said.value = { text: "The browser refused to copy: select the text below instead.", wrong: true };
  }
}

const wanted = (): Wanted => {
  const [kind, name] = picked.value.split(/ (.*)/);
  return kind === "tensor" ? { kind, name: name ?? "" } : { kind: kind as "pattern" | "predictions" };
};

export function ExportPanel() {
  const off = experiment.value === null;
  return (
    <details class="export" onToggle={(e) => (shown.value = e.currentTarget.open)}>
      <summary>Export</summary>
      {shown.value && <Names />}
      <div class="row">
        <span class="what">The model</span>
        <button type="button" disabled={off} onClick={() => void download({ kind: "safetensors" })}>
          Save as safetensors
        </button>
        <button type="button" disabled={off} onClick={() => void copyText({ kind: "python" })} title="Python that loads the saved file into TransformerLens">
          Copy as Python
        </button>
      </div>
      <div class="row">
        <Picker />
        <button type="button" disabled={off} onClick={() => void download(wanted())}>
          Save as JSON
        </button>
        <button type="button" disabled={off} onClick={() => void copyText(wanted())}>
          Copy as JSON
        </button>
      </div>
      <p class={said.value?.wrong ? "error" : "small"} role="status">
        {said.value?.text}
      </p>
      {byHand.value && <textarea readOnly rows={8} aria-label={byHand.value.name} value={byHand.value.text} onFocus={(e) => e.currentTarget.select()} />}
    </details>
  );
}

/** Asks for the names while the panel is open: of the present model, and of every one that takes its place. */
function Names() {
  useEffect(
    () =>
      effect(() => {
        if (experiment.value && !names.value) send({ type: "names" });
      }),
    [],
  );
  return null;
}

function Picker() {
  const { parameters, activations } = names.value ?? { parameters: [], activations: [] };
  const tensors = (all: string[]) =>
    all.map((name) => (
      <option key={name} value={`tensor ${name}`}>
        {name}
      </option>
    ));
  const known = picked.value.startsWith("tensor ") && names.value && ![...parameters, ...activations].includes(picked.value.slice(7));
  if (known) picked.value = "pattern"; // another model, without it
  return (
    <select class="what" aria-label="What to export as JSON" value={picked.value} onChange={(e) => (picked.value = e.currentTarget.value)}>
      <optgroup label="On screen">
        <option value="pattern">Attention patterns</option>
        <option value="predictions">Predictions</option>
      </optgroup>
      {parameters.length > 0 && <optgroup label="Parameters">{tensors(parameters)}</optgroup>}
      {activations.length > 0 && <optgroup label="Activations of this sequence">{tensors(activations)}</optgroup>}
    </select>
  );
}
