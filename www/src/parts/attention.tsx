// The attention pattern: a canvas that the worker draws on, a line that reads the cell under the pointer, and the same
// numbers as a table.

import { batch, computed, effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { weight } from "../format";
import type { View } from "../protocol";
import { send } from "../session";
import { canvasHeight, cell, experiment, generation, sequence, table, tableHead } from "../state";
import { theme } from "../theme";

/** Pixels of the page in one of the crate's: what is drawn grows with the page's text. */
const textScale = signal(1);
/** The crate's labels are 11 pixels high. A lone head has room for them to be as high as the page's small text. */
const scale = computed(() => textScale.value * (heads.value[0] * heads.value[1] > 1 ? 1 : 13 / 11));
const heads = computed<[number, number]>(() => sequence.value?.heads ?? [1, 1]);

/** Whether a position sees only itself and those before it. */
const causal = computed(() => experiment.value?.model.attention_dir !== "bidirectional");

/** Of the box that the canvas may fill; CSS pixels. */
const width = signal(0);
const pixelRatio = signal(devicePixelRatio);
const visible = signal(!document.hidden);
addEventListener("resize", () => (pixelRatio.value = devicePixelRatio)); // zooming resizes
document.addEventListener("visibilitychange", () => (visible.value = !document.hidden));

/** What the worker is told, in the crate's pixels. */
const view = computed<View>(() => ({ width: width.value / scale.value, pixelRatio: pixelRatio.value * scale.value, theme: theme.value, visible: visible.value }));

export function Attention() {
  return (
    <section class="attention" aria-labelledby="attention-title">
      <div class="head">
        <h2 id="attention-title">Attention</h2>
        <Readout />
      </div>
      {/* A canvas is handed over for good: another worker needs another canvas. */}
      <Canvas key={generation.value} />
      <PatternTable />
    </section>
  );
}

function Canvas() {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  useLayoutEffect(() => {
    const measure = () =>
      batch(() => {
        width.value = holder.current!.clientWidth || width.value; // 0: a window that is no size for a moment
        textScale.value = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      });
    measure();
    const offscreen = canvas.current!.transferControlToOffscreen();
    send({ type: "canvas", canvas: offscreen, view: view.value }, [offscreen]);
    const observer = new ResizeObserver(measure);
    observer.observe(holder.current!);
    const stop = effect(() => send({ type: "view", view: view.value }));
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);

  const point = ({ offsetX: x, offsetY: y }: PointerEvent) => send({ type: "point", at: { x: x / scale.value, y: y / scale.value } });
  const height = canvasHeight.value * scale.value;
  return (
    <div class="canvas-holder" ref={holder}>
      <canvas
        ref={canvas}
        style={{ height: height > 0 ? `${height}px` : "" }}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => send({ type: "point", at: null })}
        role="img"
        aria-label="Attention pattern of every head: rows are destinations, columns are sources. The table below holds its numbers."
      />
    </div>
  );
}

function Readout() {
  const now = cell.value;
  const labels = sequence.value?.labels;
  if (!now || !labels) return <p class="readout hint">Each row, a destination, attends to the sources in its columns. Point at a cell to read it.</p>;
  const many = heads.value[0] * heads.value[1] > 1;
  const later = causal.value && now.source > now.destination;
  return (
    <p class="readout" data-cell={`${now.destination},${now.source}`}>
      Destination <b>{labels[now.destination]}</b> (position {now.destination}) {later ? "cannot see" : "attends to"} source <b>{labels[now.source]}</b> (position {now.source})
      {later ? ", which comes later" : ": "}
      {!later && <b>{weight(now.weight)}</b>}
      {many && `, layer ${now.layer}, head ${now.head}`}
    </p>
  );
}

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
