// Files out: the model, and as JSON what is on screen or any tensor by its name.

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Wanted } from "../protocol";
import { send } from "../session/line";
import { experiment, names } from "../state";
import { Taken, TakenLine } from "./taken";

const shown = signal(false);
const taken = new Taken();
/** As an option's value: "pattern", "predictions", or "tensor " and a name. */
const picked = signal("pattern");

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
        <button type="button" disabled={off} onClick={() => void taken.save({ kind: "safetensors" })}>
          Save as safetensors
        </button>
        <button type="button" disabled={off} onClick={() => void taken.copy({ kind: "python" })} title="Python that loads the saved file into TransformerLens">
          Copy as Python
        </button>
      </div>
      <div class="row">
        <Picker />
        <button type="button" disabled={off} onClick={() => void taken.save(wanted())}>
          Save as JSON
        </button>
        <button type="button" disabled={off} onClick={() => void taken.copy(wanted())}>
          Copy as JSON
        </button>
      </div>
      <TakenLine taken={taken} />
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
