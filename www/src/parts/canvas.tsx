// One of the attention canvases: a box that the worker draws in, and the pointer over it.

import { batch, computed, effect, signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { CanvasName, View } from "../protocol";
import { send } from "../session";
import { canvasHeights, cell, sequence } from "../state";
import { theme } from "../theme";
import { offerEdge } from "./editor/ablate";

/** Pixels of the page in one of the crate's: what is drawn grows with the page's text. */
const textScale = signal(1);
const heads = computed<[number, number]>(() => sequence.value?.heads ?? [1, 1]);
/** The crate's labels are 11 pixels high. A lone head has room for them to be as high as the page's small text. */
const scale = computed(() => textScale.value * (heads.value[0] * heads.value[1] > 1 ? 1 : 13 / 11));

const pixelRatio = signal(devicePixelRatio);
const visible = signal(!document.hidden);
addEventListener("resize", () => (pixelRatio.value = devicePixelRatio)); // zooming resizes
document.addEventListener("visibilitychange", () => (visible.value = !document.hidden));

export function Canvas({ name, label }: { name: CanvasName; label: string }) {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  /** Of the box that the canvas may fill; CSS pixels. 0: it is not shown. */
  const width = useSignal(0);

  useLayoutEffect(() => {
    /** What the worker is told, in the crate's pixels. */
    const view = (): View => ({ width: width.value / scale.value, pixelRatio: pixelRatio.value * scale.value, theme: theme.value, visible: visible.value && width.value > 0 });
    const measure = () =>
      batch(() => {
        width.value = holder.current!.clientWidth;
        textScale.value = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      });
    measure();
    const offscreen = canvas.current!.transferControlToOffscreen();
    send({ type: "canvas", name, canvas: offscreen, view: view() }, [offscreen]);
    const observer = new ResizeObserver(measure);
    observer.observe(holder.current!);
    const stop = effect(() => send({ type: "view", name, view: view() }));
    return () => {
      observer.disconnect();
      stop();
      send({ type: "view", name, view: { ...view(), visible: false } });
      if (cell.value?.name === name) cell.value = null;
    };
  }, []);

  const point = ({ offsetX: x, offsetY: y }: PointerEvent) => send({ type: "point", name, at: { x: x / scale.value, y: y / scale.value } });
  const height = canvasHeights.value[name] * scale.value;
  return (
    <div class="canvas-holder" ref={holder}>
      <canvas
        ref={canvas}
        data-canvas={name}
        style={{ height: height > 0 ? `${height}px` : "" }}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => send({ type: "point", name, at: null })}
        onClick={() => cell.value?.name === name && offerEdge(cell.value.cell)}
        role="img"
        aria-label={label}
      />
    </div>
  );
}
