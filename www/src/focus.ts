// What is pointed at: a token or a cell of a pattern, by pointer or keyboard, on a canvas or elsewhere. The worker marks it on every
// canvas and says what is there; the page marks the tokens.

import { computed, signal } from "@preact/signals";
import type { Focus, Head } from "tinylens";
import { change, doc, view } from "./document";
import type { Keys } from "./keys";
import type { Pointed } from "./protocol";
import { send } from "./session/line";
import { experiment, pointed } from "./state";

/** A head that is looked at without being pinned. */
export const preview = signal<Head | null>(null);

const same = (a: Head, b: Head) => a.layer === b.layer && a.head === b.head;
export const isPinned = (head: Head): boolean => doc.value.pins.some((pin) => same(pin, head));

/** The pinned heads that the model has. */
const pins = computed(() => {
  const model = experiment.value?.model;
  return doc.value.pins.filter(({ layer, head }) => model && layer < model.n_layers && head < model.n_heads);
});

/** The heads that are large; none: all. */
export const largeHeads = computed<Head[]>(() => (preview.value ? [preview.value] : pins.value));

export const headName = ({ layer, head }: Head): string => `L${layer}H${head}`;

export function togglePin(head: Head): void {
  const pinned = isPinned(head);
  const next = pinned ? doc.value.pins.filter((pin) => !same(pin, head)) : [...doc.value.pins, head];
  change({ pins: next }, `${headName(head)} ${pinned ? "unpinned" : "pinned"}`);
}

export function toggleCell(cell: { destination: number; source: number }): void {
  const { cell: last } = doc.value;
  const pinned = last?.destination === cell.destination && last.source === cell.source;
  change({ cell: pinned ? null : cell }, pinned ? "Cell unpinned" : "Cell pinned");
}

/** First the cell, then the heads. False: nothing is pinned. */
export function unpin(): boolean {
  if (doc.value.cell) change({ cell: null }, "Cell unpinned");
  else if (doc.value.pins.length > 0) change({ pins: [] }, "All heads unpinned");
  else return false;
  return true;
}

export const pointAt = (focus: Focus | null): void => send({ type: "focus", focus });

/** A token asks where it attends to, or who attends to it, as rows do. */
export const pointAtToken = (position: number | null): void =>
  pointAt(position === null ? null : view.value.rows === "destination" ? { destination: position, source: null } : { destination: null, source: position });

/** The cell at which the keyboard is, on whichever canvas. */
export const cursor = signal({ destination: 0, source: 0 });

type Cell = [row: number, column: number];

/** Keys over a pattern, as it is drawn. Enter is the canvas's, Escape the whole panel's. */
export const CELL_KEYS: readonly Keys<(row: number, column: number, last: number) => Cell>[] = [
  { name: "←, →, ↑, ↓", does: "go from cell to cell", on: { ArrowUp: (r, c) => [r - 1, c], ArrowDown: (r, c) => [r + 1, c], ArrowLeft: (r, c) => [r, c - 1], ArrowRight: (r, c) => [r, c + 1] } },
  { name: "Home, End", does: "go to the row’s first, its last", on: { Home: (r) => [r, 0], End: (r, _, last) => [r, last] } },
  { name: "Page Up, Page Down", does: "go to the column’s first, its last", on: { PageUp: (_, c) => [0, c], PageDown: (_, c, last) => [last, c] } },
  { name: "Enter", does: "pin the cell, or unpin it", on: {} },
  { name: "Escape", does: "unpin what is pinned", on: {} },
];

/** Null: the key means nothing here. */
export function moved(key: string, last: number, causal: boolean): { destination: number; source: number } | null {
  const { destination, source } = cursor.value;
  const rows = view.value.rows === "destination";
  const [row, column] = rows ? [destination, source] : [source, destination];
  const to = CELL_KEYS.find(({ on }) => key in on)?.on[key];
  if (!to) return null;
  const [r, c] = to(row, column, last).map((at) => Math.max(0, Math.min(last, at))) as Cell;
  const next = rows ? { destination: r, source: c } : { destination: c, source: r };
  // What causal attention can't see is not walked over.
  if (causal && next.source > next.destination) {
    if (next.destination === destination) next.source = destination;
    else next.destination = Math.max(next.destination, next.source);
  }
  return next;
}

/** How a token of a row of the page stands to what is pointed at. */
export type Standing = { pointed: boolean; shade: number | null };
export function standing(side: "clean" | "edited", position: number): Standing {
  const now: Pointed | null = pointed.value;
  const { focus, shades } = now ?? { focus: null, shades: {} };
  const here = focus !== null && (focus.destination === position || focus.source === position);
  return { pointed: here, shade: shades[side]?.[position] ?? null };
}

