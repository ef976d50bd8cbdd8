// Parts of the model taken out, for the edited side here and for batteries elsewhere.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { described, fits, type Ablation, type HeadEdit } from "../../ablation";
import { scene } from "../../document";
import { setAblations } from "../../edit";
import { edited, experiment, sequence } from "../../state";
import { Wrong } from "../icons";
import { Term } from "../term";

type Kind = Ablation["kind"];
/** What the form would take out. A cell of a pattern that is clicked fills it in. */
const form = signal<{ kind: Kind; layer: number; head: number; edit: HeadEdit; position: number; destination: number; source: number; renormalise: boolean }>({
  kind: "head",
  layer: 0,
  head: 0,
  edit: "zero",
  position: 0,
  destination: 0,
  source: 0,
  renormalise: true,
});
const set = (next: Partial<typeof form.value>) => (form.value = { ...form.value, ...next });
const open = signal(false);

/** Offers the edge of a cell that was clicked. */
export function offerEdge({ layer, head, destination, source }: { layer: number; head: number; destination: number; source: number }): void {
  if (open.value) set({ kind: "edge", layer, head, destination, source });
}

function wanted(): Ablation {
  const { kind, layer, head, edit, position, destination, source, renormalise } = form.value;
  if (kind === "head") return { kind, layer, head, edit };
  if (kind === "edge") return { kind, layer, head, destination, source, renormalise };
  if (kind === "position") return { kind, position };
  return { kind, layer };
}

const KINDS: Record<Kind, string> = { head: "a head", edge: "an edge of a pattern", position: "a position embedding", mlp: "an MLP" };

export function Ablate() {
  const config = experiment.value?.model;
  if (!config) return null;
  const { value: now } = form;
  const { ablations } = scene.value;
  const add = (event: Event) => {
    event.preventDefault();
    const one = wanted();
    const others = ablations.filter((other) => described(other) !== described(one));
    if (fits(one, config)) setAblations([...others, one], `Taken out: ${described(one)}`);
  };
  const labels = edited.value?.labels ?? sequence.value?.labels ?? [];
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => (kind !== "mlp" || !config.attn_only) && (kind !== "position" || config.positional_embedding_type !== "rotary"));
  return (
    <details class="fold ablate" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>
        Take parts out of the model <span class="small">{ablations.length > 0 && `${ablations.length} out`}</span>
      </summary>
      {open.value && (
        <form onSubmit={add}>
          <Choice name="What" value={now.kind} options={kinds.map((kind) => [kind, KINDS[kind]])} onChange={(kind) => set({ kind: kind as Kind })} />
          {now.kind !== "position" && config.n_layers > 1 && <Choice name="Layer" value={now.layer} options={upTo(config.n_layers)} onChange={(layer) => set({ layer: Number(layer) })} />}
          {(now.kind === "head" || now.kind === "edge") && config.n_heads > 1 && <Choice name="Head" value={now.head} options={upTo(config.n_heads)} onChange={(head) => set({ head: Number(head) })} />}
          {now.kind === "head" && (
            <Choice
              name="Its output becomes"
              value={now.edit}
              options={[
                ["zero", "zero"],
                ["mean", "its mean over lists"],
                ["resample", "that of another list"],
              ]}
              onChange={(edit) => set({ edit: edit as HeadEdit })}
            />
          )}
          {now.kind === "position" && <Choice name="Position" value={now.position} options={places(config.n_ctx, labels)} onChange={(position) => set({ position: Number(position) })} />}
          {now.kind === "edge" && (
            <>
              <Choice name="Destination" value={now.destination} options={places(config.n_ctx, labels)} onChange={(destination) => set({ destination: Number(destination) })} />
              <Choice name="Source" value={now.source} options={places(config.n_ctx, labels)} onChange={(source) => set({ source: Number(source) })} />
              <label class="check">
                <input type="checkbox" checked={now.renormalise} onChange={(e) => set({ renormalise: e.currentTarget.checked })} />
                renormalise the row
              </label>
            </>
          )}
          <button type="submit">Take out</button>
        </form>
      )}
      <p class="small">{helpFor(now.kind, now.edit)}</p>
      {ablations.length > 0 && (
        <ul aria-label="Taken out">
          {ablations.map((one, i) => (
            <li key={described(one)}>
              <button type="button" onClick={() => setAblations(ablations.filter((_, other) => other !== i), `Put back: ${described(one)}`)} title="Put back" aria-label={`Put back: ${described(one)}`}>
                {described(one)}
                {!fits(one, config) && <span class="small"> (this model has none)</span>}
                <Wrong />
              </button>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function helpFor(kind: Kind, edit: HeadEdit): ComponentChildren {
  if (kind === "edge") return "The destination no longer sees the source. Renormalised, the rest of its row takes over that attention. A click on a cell of a pattern fills this in.";
  if (kind === "position") return "The token there is still read, but not where it stands.";
  if (kind === "mlp") return "The layer’s MLP adds nothing.";
  if (edit === "zero") return "The head adds nothing. The pattern is still drawn as it would attend.";
  return (
    <>
      Over one list there is nothing to average or to take it from, so nothing changes here: <Term id={edit === "mean" ? "mean_ablation" : "resample"}>{edit === "mean" ? "mean ablation" : "resampling"}</Term> acts over many lists, in the ablation table.
    </>
  );
}

const upTo = (n: number): [string, string][] => Array.from({ length: n }, (_, i) => [String(i), String(i)]);
const places = (n: number, labels: string[]): [string, string][] => Array.from({ length: n }, (_, i) => [String(i), labels[i] === undefined ? String(i) : `${i}: ${labels[i]}`]);

function Choice({ name, value, options, onChange }: { name: string; value: string | number; options: [string, string][]; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <select id={id} value={String(value)} onChange={(e) => onChange(e.currentTarget.value)}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
