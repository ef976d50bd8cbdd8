// The attention patterns: of the clean sequence, and, where something is edited, of the edited one and their difference; a line
// that reads the cell under the pointer; and the clean one's numbers as a table.

import { computed, signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { compared } from "../edit";
import { weight } from "../format";
import type { CanvasName } from "../protocol";
import { send } from "../session";
import { cell, edited, experiment, generation, sequence, table, tableHead } from "../state";
import { Canvas } from "./canvas";
import { Ablate } from "./editor/ablate";

const heads = computed<[number, number]>(() => sequence.value?.heads ?? [1, 1]);
/** Whether a position sees only itself and those before it. */
const causal = computed(() => experiment.value?.model.attention_dir !== "bidirectional");

const TITLES: Record<CanvasName, string> = { clean: "Clean", edited: "Edited", difference: "Difference" };
const ALL: CanvasName[] = ["clean", "edited", "difference"];
/** Where there is room for one. */
const tab = signal<CanvasName>("edited");

export function Attention() {
  const both = compared.value !== null;
  return (
    <section class="attention" aria-labelledby="attention-title">
      <div class="head">
        <h2 id="attention-title">Attention</h2>
        <Readout />
      </div>
      {both && <Tabs />}
      <div class={`patterns ${both ? "several" : ""}`}>
        {(both ? ALL : ALL.slice(0, 1)).map((name) => (
          <Pattern key={name} name={name} both={both} />
        ))}
      </div>
      <Ablate />
      <PatternTable />
    </section>
  );
}

function Tabs() {
  return (
    <div class="tabs" role="group" aria-label="Which pattern">
      {ALL.map((name) => (
        <button key={name} type="button" aria-pressed={tab.value === name} onClick={() => (tab.value = name)}>
          {TITLES[name]}
        </button>
      ))}
    </div>
  );
}

function Pattern({ name, both }: { name: CanvasName; both: boolean }) {
  const lengths = [sequence.value?.labels.length, edited.value?.labels.length];
  const incomparable = name === "difference" && edited.value !== null && lengths[0] !== lengths[1];
  const what = name === "difference" ? "How the edited pattern of every head differs from the clean one" : `Attention pattern of every head${both ? `, ${name} sequence` : ""}`;
  return (
    <div class={`pattern ${both && tab.value !== name ? "unchosen" : ""}`} data-pattern={name}>
      {both && (
        <h3>
          {TITLES[name]} {name === "difference" && !incomparable && <span class="small"><span class="key-difference">edited more</span>less</span>}
        </h3>
      )}
      {incomparable ? (
        <p class="small">
          The edited sequence has {lengths[1]} tokens and the clean one {lengths[0]}: their positions do not correspond, so there is no difference to draw cell by cell.
        </p>
      ) : (
        /* A canvas is handed over for good: another worker needs another canvas. */
        <Canvas key={generation.value} name={name} label={`${what}: rows are destinations, columns are sources.${name === "clean" ? " The table below holds its numbers." : ""}`} />
      )}
    </div>
  );
}

function Readout() {
  const now = cell.value;
  const [plain, changed] = [sequence.value?.labels, edited.value?.labels];
  const labels = now?.name === "clean" ? plain : changed;
  if (!now || !labels) return <p class="readout hint">Each row, a destination, attends to the sources in its columns. Point at a cell to read it.</p>;
  const { layer, head, destination, source, weight: value } = now.cell;
  const many = heads.value[0] * heads.value[1] > 1;
  const later = causal.value && source > destination;
  // Where the two sequences have different tokens, a difference is between both.
  const name = (position: number) => (now.name === "difference" && plain?.[position] !== changed?.[position] ? `${plain?.[position]} → ${changed?.[position]}` : labels[position]);
  const difference = now.name === "difference";
  return (
    <p class="readout" data-cell={`${destination},${source}`} data-canvas={now.name}>
      {now.name === "edited" && "Edited: "}
      {difference && "Difference: "}destination <b>{name(destination)}</b> (position {destination}) {later ? "cannot see" : "attends to"} source <b>{name(source)}</b> (position {source})
      {later ? ", which comes later" : difference ? ", edited less clean: " : ": "}
      {!later && <b>{difference ? signed(value) : weight(value)}</b>}
      {many && `, layer ${layer}, head ${head}`}
    </p>
  );
}

/** With a sign that is as wide as a plus. */
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${weight(Math.abs(value))}`;

function PatternTable() {
  const [layers, perLayer] = heads.value;
  const chosen = tableHead.value;
  const open = (head: { layer: number; head: number } | null) => {
    tableHead.value = head;
    if (!head) table.value = null;
  };
  // A new worker has not heard the question; a new run may have fewer heads.
  useLayoutEffect(() => {
    const fits = chosen && chosen.layer < layers && chosen.head < perLayer;
    if (chosen && !fits) open({ layer: 0, head: 0 });
    else send({ type: "table", head: chosen });
  }, [generation.value, chosen, layers, perLayer]);

  const options = Array.from({ length: layers * perLayer }, (_, i) => ({ layer: Math.floor(i / perLayer), head: i % perLayer }));
  return (
    <details onToggle={(e) => open(e.currentTarget.open ? (chosen ?? { layer: 0, head: 0 }) : null)}>
      <summary>As a table</summary>
      {options.length > 1 && (
        <label>
          Head{" "}
          <select value={chosen ? chosen.layer * perLayer + chosen.head : 0} onChange={(e) => open(options[Number(e.currentTarget.value)] ?? null)}>
            {options.map(({ layer, head }, i) => (
              <option key={i} value={i}>
                layer {layer}, head {head}
              </option>
            ))}
          </select>
        </label>
      )}
      {table.value && <Numbers {...table.value} />}
    </details>
  );
}

function Numbers({ labels, pattern: { layer, head, weights } }: { labels: string[]; pattern: { layer: number; head: number; weights: Float32Array } }) {
  const size = labels.length;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Pattern as a table">
      <table>
        <caption>
          Layer {layer}, head {head}: how much each destination (row) attends to each source (column)
        </caption>
        <thead>
          <tr>
            <td />
            {labels.map((label, i) => (
              <th key={i} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, destination) => (
            <tr key={destination}>
              <th scope="row">{label}</th>
              {labels.map((_, source) => (
                <td key={source}>{causal.value && source > destination ? "" : weight(weights[destination * size + source] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
