// A box on the page and the canvas in it that the worker draws on: handed over once, and the worker told of every change of the box.

import { batch, effect, signal, useSignal, type ReadonlySignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { CanvasName, View } from "../../protocol";
import { send } from "../../session/line";
import { pointed } from "../../state";
import { theme } from "../../theme";

/** Pixels of the page in one of the crate's: what is drawn grows with the page's text. */
export const textScale = signal(1);
const pixelRatio = signal(devicePixelRatio);
const visible = signal(!document.hidden);
addEventListener("resize", () => (pixelRatio.value = devicePixelRatio)); // zooming resizes
document.addEventListener("visibilitychange", () => (visible.value = !document.hidden));

/** `scale`: pixels of the page in one of the crate's, on this canvas. */
export function useSurface(name: CanvasName, scale: ReadonlySignal<number>): { holder: RefObject<HTMLDivElement | null>; canvas: RefObject<HTMLCanvasElement | null> } {
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
      if (pointed.value?.name === name) send({ type: "focus", focus: null });
    };
  }, []);
  return { holder, canvas };
}
