// All heads as thumbnails, a row a layer: pointing at one previews it, a click pins it. The worker draws them on one canvas; over each
// lies a button.

import { signal } from "@preact/signals";
import type { Head } from "tinylens";
import { change, doc } from "../../document";
import { headName, isPinned, preview, togglePin } from "../../focus";
import type { Keys } from "../../keys";
import { generation, sequence, tiles } from "../../state";
import { textScale, useSurface } from "./surface";

/** The one that Tab comes to. */
const current = signal(0);

export const HEAD_KEYS: readonly Keys<(at: number, perLayer: number, last: number) => number>[] = [
  { name: "←, →, ↑, ↓", does: "go from head to head", on: { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, ArrowUp: (at, perLayer) => at - perLayer, ArrowDown: (at, perLayer) => at + perLayer } },
  { name: "Home, End", does: "go to the first, to the last", on: { Home: () => 0, End: (_, __, last) => last } },
  // A button is pressed by the browser; Escape is the whole panel's.
  { name: "Enter", does: "pin the head, or unpin it", on: {} },
  { name: "Escape", does: "unpin what is pinned", on: {} },
];

export function Heads() {
  const [layers, heads] = sequence.value?.heads ?? [1, 1];
  // The large picture is the only head's.
  if (layers * heads === 1) return null;
  const pins = doc.value.pins.length;
  return (
    <div class="heads">
      <Tiles key={generation.value} />
      <p class="small">
        {pins === 0 ? "Point at a head to see it large, click to pin it." : `${pins === 1 ? "One head" : `${pins} heads`} pinned.`}{" "}
        {pins > 0 && (
          <button type="button" class="link" onClick={() => change({ pins: [] }, "All heads unpinned")}>
            Show all
          </button>
        )}
      </p>
    </div>
  );
}

function Tiles() {
  const { holder, canvas } = useSurface("heads", textScale);
  const { value: where } = tiles;
  const scale = textScale.value;
  const all = where?.tiles ?? [];
  const css = (length: number) => `${length * scale}px`;
  const walk = (event: KeyboardEvent, at: number) => {
    const [, perLayer] = sequence.value?.heads ?? [1, 1];
    const to = HEAD_KEYS.find(({ on }) => event.key in on)?.on[event.key];
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = to(at, perLayer, all.length - 1);
    if (!all[next]) return;
    current.value = next;
    holder.current!.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return (
    <div class="tiles" ref={holder} role="group" aria-label="Heads" style={{ height: where ? css(where.height) : "" }} onPointerLeave={() => (preview.value = null)}>
      <canvas ref={canvas} data-canvas="heads" style={where ? { width: css(where.width), height: css(where.height) } : {}} aria-hidden="true" />
      {where &&
        all.map((tile, i) => {
          const head: Head = { layer: tile.layer, head: tile.head };
          return (
            <button
              key={headName(head)}
              type="button"
              class="tile"
              tabIndex={i === Math.min(current.value, all.length - 1) ? 0 : -1}
              style={{ left: css(tile.left), top: css(tile.top), width: css(where.side), height: css(where.side + 18) }}
              aria-pressed={isPinned(head)}
              aria-label={`Layer ${tile.layer}, head ${tile.head}`}
              data-head={`${tile.layer}.${tile.head}`}
              onPointerEnter={(e) => e.pointerType === "mouse" && (preview.value = head)}
              onFocus={(e) => {
                current.value = i;
                if (e.currentTarget.matches(":focus-visible")) preview.value = head;
              }}
              onBlur={() => (preview.value = null)}
              onClick={() => {
                preview.value = null;
                togglePin(head);
              }}
              onKeyDown={(e) => walk(e, i)}
            >
              {headName(head)}
            </button>
          );
        })}
    </div>
  );
}
