// A large picture of attention: the pointer and the keyboard over it.

import { computed, signal } from "@preact/signals";
import { cursor, moved, pointAt, toggleCell } from "../../focus";
import { doc, view } from "../../document";
import type { CanvasName } from "../../protocol";
import { send } from "../../session/line";
import { canvasHeights, edited, experiment, pointed, sequence } from "../../state";
import { offerEdge } from "../editor/ablate";
import { textScale, useSurface } from "./surface";

const lone = computed(() => {
  const [layers, heads] = sequence.value?.heads ?? [1, 1];
  return layers * heads === 1;
});
/** The crate's labels are 11 pixels high. A lone head has room for them to be as high as the page's small text. */
const scale = computed(() => textScale.value * (lone.value ? 13 / 11 : 1));

/** The canvas that the keyboard is on. */
export const walked = signal<CanvasName | null>(null);

export function Canvas({ name, label }: { name: "clean" | "edited" | "difference"; label: string }) {
  const { holder, canvas } = useSurface(name, scale);
  const point = ({ offsetX: x, offsetY: y }: PointerEvent) => send({ type: "point", name, at: { x: x / scale.value, y: y / scale.value } });
  const height = canvasHeights.value[name] * scale.value;
  const positions = (name === "clean" ? sequence.value : (edited.value ?? sequence.value))?.labels.length ?? 1;

  const click = () => {
    const hit = pointed.value?.name === name ? pointed.value.hit : null;
    if (hit?.destination == null || hit.source === null) return;
    const cell = { destination: hit.destination, source: hit.source };
    cursor.value = cell;
    toggleCell(cell);
    offerEdge({ ...(hit.head ?? { layer: 0, head: 0 }), ...cell });
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") toggleCell(cursor.value);
    else {
      const next = moved(event.key, positions - 1, experiment.value?.model.attention_dir !== "bidirectional");
      if (!next) return;
      cursor.value = next;
      pointAt(next);
    }
    event.preventDefault();
  };
  const focus = (event: FocusEvent) => {
    walked.value = name;
    // A pointer says itself where it is.
    if (!(event.currentTarget as HTMLElement).matches(":focus-visible")) return;
    const last = Math.max(0, positions - 1);
    cursor.value = doc.value.cell ?? { destination: Math.min(cursor.value.destination, last), source: Math.min(cursor.value.source, last) };
    pointAt(cursor.value);
  };
  const blur = () => {
    walked.value = null;
    if (pointed.value?.name === null) pointAt(null);
  };
  return (
    <div class={`canvas-holder ${view.value.form}`} ref={holder}>
      <canvas
        ref={canvas}
        data-canvas={name}
        style={{ height: height > 0 ? `${height}px` : "" }}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => send({ type: "point", name, at: null })}
        onClick={click}
        onKeyDown={key}
        onFocus={focus}
        onBlur={blur}
        tabIndex={0}
        role="application"
        aria-roledescription="attention picture"
        aria-label={label}
        aria-describedby="attention-reading"
      />
    </div>
  );
}
