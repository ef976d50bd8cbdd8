// The attention patterns of two runs beside each other, a head of each: drawn in the accent's shades (heat.tsx), read at the pointer or
// the arrow keys in both at once, and as tables.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { weight } from "../../format";
import type { Side } from "../../store/compare";
import type { Attention } from "../../store/kept";
import { theme } from "../../theme";
import { HeatLegend } from "../heat";
import { PatternTable } from "../pattern_table";

/** The pair of positions that is read; null: none. */
const cell = signal<{ destination: number; source: number } | null>(null);
/** The head of each side, by its number over all layers. */
const chosen = signal<[number, number]>([0, 0]);

export function ComparedAttention({ sides }: { sides: [Side, Side] }) {
  return (
    <section aria-label="Attention of both runs">
      <div class="head">
        <h4>Attention</h4>
        <Readout sides={sides} />
        <HeatLegend />
      </div>
      <div class="pattern-pair">
        {sides.map((side, i) => (
          <Head key={i} side={side} place={i as 0 | 1} />
        ))}
      </div>
    </section>
  );
}

const headOf = ({ layers, heads }: Attention, place: 0 | 1): number => Math.min(chosen.value[place], layers * heads - 1);
const named = ({ heads }: Attention, head: number): string => `layer ${Math.floor(head / heads)}, head ${head % heads}`;

/** One head's weights, [destination, source]. */
function weightsOf({ pattern, record: { attention } }: Side, place: 0 | 1): Float32Array | null {
  if (!pattern || !attention) return null;
  const size = attention.labels.length ** 2;
  return pattern.subarray(headOf(attention, place) * size, (headOf(attention, place) + 1) * size);
}

function Readout({ sides }: { sides: [Side, Side] }) {
  const now = cell.value;
  if (!now) return <p class="readout">Rows are destinations, columns the sources that they attend to. Each pattern is of the list that was on the page then.</p>;
  const parts = sides.map((side, i) => {
    const { attention } = side.record;
    const weights = weightsOf(side, i as 0 | 1);
    const [to, from] = [attention?.labels[now.destination], attention?.labels[now.source]];
    if (!attention || !weights || to === undefined || from === undefined) return `${side.name} –`;
    return `${side.name}: ${to} → ${from} ${attention.causal && now.source > now.destination ? "later, unseen" : weight(weights[now.destination * attention.labels.length + now.source]!)}`;
  });
  return (
    <p class="readout" data-cell-both={`${now.destination},${now.source}`}>
      Position {now.destination} to {now.source}. {parts.join("; ")}
    </p>
  );
}

function Head({ side, place }: { side: Side; place: 0 | 1 }) {
  const { name, record } = side;
  const { attention } = record;
  const weights = weightsOf(side, place);
  if (!attention || !weights) return <p class="small">{name} has no attention pattern.</p>;
  const head = headOf(attention, place);
  const many = attention.layers * attention.heads;
  const choose = (head: number) => (chosen.value = place === 0 ? [head, chosen.value[1]] : [chosen.value[0], head]);
  return (
    <div class="kept-pattern" data-side={place}>
      <p class="small">
        <span class={`swatch side-${place}`} aria-hidden="true" />
        {name}, step {attention.step}
        {many > 1 && (
          <select class="quiet" aria-label={`Head of ${name}`} value={head} onChange={(e) => choose(Number(e.currentTarget.value))}>
            {Array.from({ length: many }, (_, i) => (
              <option key={i} value={i}>
                {named(attention, i)}
              </option>
            ))}
          </select>
        )}
      </p>
      <Map name={name} attention={attention} weights={weights} />
      <details>
        <summary>As a table</summary>
        <PatternTable caption={`${name}, ${named(attention, head)}: how much each destination (row) attends to each source (column)`} labels={attention.labels} values={weights} causal={attention.causal} />
      </details>
    </div>
  );
}

function Map({ name, attention: { labels, causal }, weights }: { name: string; attention: Attention; weights: Float32Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = labels.length;
  const at = cell.value;
  useEffect(() => draw(canvas.current!, weights, size, causal), [weights, size, causal, theme.value]);

  const point = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const position = (offset: number, length: number) => Math.max(0, Math.min(size - 1, Math.floor((offset / length) * size)));
    cell.value = { destination: position(event.clientY - box.top, box.height), source: position(event.clientX - box.left, box.width) };
  };
  const walk = (event: KeyboardEvent) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by && event.key !== "Escape") return;
    event.preventDefault();
    const within = (position: number) => Math.max(0, Math.min(size - 1, position));
    cell.value = by ? { destination: within((at?.destination ?? 0) + (at ? by[0]! : 0)), source: within((at?.source ?? 0) + (at ? by[1]! : 0)) } : null;
  };
  const inside = at && at.destination < size && at.source < size;
  return (
    <div class="kept-map" style={{ "--size": String(size) }}>
      <Labels labels={labels} class="across" lit={at?.source} />
      <Labels labels={labels} class="down" lit={at?.destination} />
      <div class="squares" tabIndex={0} role="img" aria-label={`Attention pattern of ${name}; the table below holds its numbers`} onPointerMove={point} onPointerDown={point} onPointerLeave={() => (cell.value = null)} onKeyDown={walk} onBlur={() => (cell.value = null)}>
        <canvas ref={canvas} />
        {inside && <span class="reading-cell" style={{ "--row": String(at.destination), "--column": String(at.source) }} />}
      </div>
    </div>
  );
}

function Labels({ labels, class: name, lit }: { labels: string[]; class: string; lit: number | undefined }) {
  return (
    <div class={`labels ${name}`} aria-hidden="true">
      {labels.map((label, i) => (
        <span key={i} class={i === lit ? "lit" : ""}>
          {label}
        </span>
      ))}
    </div>
  );
}

/** A pixel a weight: the accent over the box's own wash, as `heat` mixes them. What causal attention can't reach stays paper. */
function draw(canvas: HTMLCanvasElement, weights: Float32Array, size: number, causal: boolean): void {
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  for (let destination = 0; destination < size; destination++)
    for (let source = 0; source < size; source++) {
      const later = causal && source > destination;
      context.globalAlpha = later ? 1 : Math.max(0, Math.min(1, weights[destination * size + source]! || 0));
      context.fillStyle = style.getPropertyValue(later ? "--paper" : "--accent");
      context.fillRect(source, destination, 1, 1);
    }
}
