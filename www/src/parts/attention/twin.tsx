// The twins of the canvases, for those who cannot see them or want the numbers: a table, and each picture as JSON, SVG and PNG.

import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { Head } from "tinylens";
import { doc } from "../../document";
import { compared } from "../../edit";
import type { CanvasName, HeadTable } from "../../protocol";
import { send } from "../../session/line";
import { edited, generation, sequence, table, tableOf } from "../../state";
import { PatternTable } from "../pattern_table";
import { Taken, TakenLine } from "../taken";

const NAMES: Record<CanvasName, string> = { clean: "the clean sequence", edited: "the edited sequence", difference: "the difference", heads: "all heads, small" };
const taken = new Taken();
/** The canvas that is asked about. */
const which = signal<CanvasName>("clean");

function canvases(): CanvasName[] {
  const [layers, heads] = sequence.value?.heads ?? [1, 1];
  const comparable = edited.value?.labels.length === sequence.value?.labels.length;
  return ["clean", ...(compared.value ? (["edited", ...(comparable ? (["difference"] as const) : [])] as const) : []), ...(layers * heads > 1 ? (["heads"] as const) : [])];
}

export function Twin() {
  const [layers, perLayer] = sequence.value?.heads ?? [1, 1];
  const there = canvases();
  const canvas = there.includes(which.value) ? which.value : "clean";
  const chosen = tableOf.value;
  const heads: Head[] = Array.from({ length: layers * perLayer }, (_, i) => ({ layer: Math.floor(i / perLayer), head: i % perLayer }));
  const open = (head: Head | null, on: CanvasName = canvas) => {
    tableOf.value = head && { ...head, canvas: on };
    if (!head) table.value = null;
  };
  const first = () => doc.value.pins.find((pin) => pin.layer < layers && pin.head < perLayer) ?? { layer: 0, head: 0 };
  // A new worker has not heard the question; a new run may have fewer heads.
  useLayoutEffect(() => {
    const fits = chosen && chosen.layer < layers && chosen.head < perLayer && chosen.canvas === canvas;
    if (chosen && !fits) open(first());
    else send({ type: "table", of: chosen });
  }, [generation.value, chosen, layers, perLayer, canvas]);

  const take = (as: "json" | "svg" | "png") => ({ kind: "picture", canvas, as }) as const;
  return (
    <details class="fold twin" onToggle={(e) => open(e.currentTarget.open ? (chosen ?? first()) : null)}>
      <summary>Numbers and files</summary>
      <div class="fields">
        {there.length > 1 && (
          <div class="field">
            <label for="twin-of">Of</label>
            <select id="twin-of" value={canvas} onChange={(e) => (which.value = e.currentTarget.value as CanvasName)}>
              {there.map((name) => (
                <option key={name} value={name}>
                  {NAMES[name]}
                </option>
              ))}
            </select>
          </div>
        )}
        {heads.length > 1 && (
          <div class="field">
            <label for="twin-head">Head</label>
            <select id="twin-head" value={chosen ? chosen.layer * perLayer + chosen.head : 0} onChange={(e) => open(heads[Number(e.currentTarget.value)] ?? null)}>
              {heads.map(({ layer, head }, i) => (
                <option key={i} value={i}>
                  layer {layer}, head {head}
                </option>
              ))}
            </select>
          </div>
        )}
        <button type="button" onClick={() => void taken.copy(take("json"))}>
          Copy as JSON
        </button>
        <button type="button" onClick={() => void taken.save(take("svg"))}>
          Save as SVG
        </button>
        <button type="button" onClick={() => void taken.save(take("png"))}>
          Save as PNG
        </button>
      </div>
      <TakenLine taken={taken} />
      {table.value && <Numbers {...table.value} />}
    </details>
  );
}

const CAPTIONS: Record<CanvasName, string> = { clean: "", edited: ", edited sequence", difference: ", edited less clean", heads: "" };

function Numbers({ canvas, layer, head, ...numbers }: HeadTable) {
  return <PatternTable caption={`Layer ${layer}, head ${head}${CAPTIONS[canvas]}: each destination (row) and each source (column)`} {...numbers} />;
}
