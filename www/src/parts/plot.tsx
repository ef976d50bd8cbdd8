// A chart of losses over steps: axes, linear or logarithmic, and a line that reads it at the pointer, at a finger, or at the arrow keys.
// What is drawn, and what a reading says, are the caller's.

import { effect, type ReadonlySignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { count, plain } from "../format";
import type { Keys } from "../keys";

/** A chart on the page, and the numbers that its axes name. */
export type Charted = { chart: uPlot; ticks: { x: number[]; y: number[] } };

export type PlotProps = {
  label: string;
  /** Steps, and a column a series; read again whenever `version` changes. */
  data: () => uPlot.AlignedData;
  version: ReadonlySignal<unknown>;
  /** Given the page's colours, by name. */
  series: (colour: (name: string) => string) => Pick<uPlot.Options, "bands"> & { series: uPlot.Series[] };
  logarithmic: boolean;
  theme: "light" | "dark";
  /** Where it is read: an index into the columns that are drawn. */
  read: Signal<number | null>;
  sentence: (index: number | null) => string | null;
  /** Is told of every chart that is made, for its twins; null: it is gone. */
  drawn?: (now: Charted | null) => void;
};

/** From where the curve is read, and its last place, to where it is read next; null: nowhere. */
export const CURVE_KEYS: readonly Keys<(now: number, last: number) => number | null>[] = [
  { name: "←, →", does: "read the step before, the step after", on: { ArrowLeft: (now) => now - 1, ArrowRight: (now) => now + 1 } },
  { name: "Page Down, Page Up", does: "go twenty back, twenty on", on: { PageDown: (now) => now - 20, PageUp: (now) => now + 20 } },
  { name: "Home, End", does: "go to the first, to the last", on: { Home: () => 0, End: (_, last) => last } },
  { name: "Escape", does: "read no more", on: { Escape: () => null } },
];

export function Plot({ label, data, version, series, logarithmic, theme, read, sentence, drawn }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  useEffect(() => {
    const place = holder.current!;
    const ticks: Charted["ticks"] = { x: [], y: [] };
    const chart = (plot.current = new uPlot(options(place, logarithmic, read, series, ticks), data(), place));
    drawn?.({ chart, ticks });
    const observer = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: place.clientHeight }));
    observer.observe(place);

    // At most once a frame, and not at all in a tab that nobody sees.
    let asked = 0;
    const stop = effect(() => {
      void version.value;
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        chart.setData(data());
      });
    });
    // uPlot listens to the mouse only.
    const finger = (event: PointerEvent) => {
      if (event.pointerType !== "mouse") chart.setCursor({ left: event.clientX - chart.over.getBoundingClientRect().left, top: 0 });
    };
    chart.over.addEventListener("pointerdown", finger);
    chart.over.addEventListener("pointermove", finger);
    return () => {
      stop();
      cancelAnimationFrame(asked);
      observer.disconnect();
      chart.destroy();
      drawn?.(null);
      read.value = null;
    };
    // A scale's kind and the colours are fixed when a chart is made.
  }, [logarithmic, theme]);

  const walk = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's: Alt with an arrow goes back
    const steps = plot.current?.data[0] ?? [];
    const last = steps.length - 1;
    const to = CURVE_KEYS.find(({ on }) => event.key in on)?.on[event.key];
    if (last < 0 || !to) return;
    event.preventDefault();
    const next = to(read.value ?? last + 1, last);
    const index = next === null ? null : Math.max(0, Math.min(last, next));
    plot.current!.setCursor(index === null ? { left: -10, top: -10 } : { left: plot.current!.valToPos(steps[index]!, "x"), top: 0 });
    read.value = index;
  };

  return (
    <div
      class="chart"
      ref={holder}
      tabIndex={0}
      role="slider"
      aria-label={`${label}: the arrow keys read it`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, data()[0].length - 1)}
      aria-valuenow={read.value ?? 0}
      aria-valuetext={sentence(read.value) ?? "not reading"}
      onKeyDown={walk}
      onBlur={() => (read.value = null)}
    />
  );
}

/** Round losses for a logarithmic axis, few or many. uPlot's own start at the axis's end, round or not. */
function decades(_: uPlot, __: number, least: number, greatest: number): number[] {
  const digits = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5]];
  let all: number[] = [];
  for (let i = 0; i < digits.length && all.length < 3; i++) {
    all = [];
    for (let exponent = Math.floor(Math.log10(least)); 10 ** exponent <= greatest; exponent++)
      for (const digit of digits[i]!) all.push(Number(`${digit}e${exponent}`)); // 2 * 10 ** -1 would not be 0.2
    all = all.filter((loss) => loss >= least && loss <= greatest);
  }
  return all;
}

/** `ticks` is told which numbers the axes name. */
function options(place: HTMLElement, logarithmic: boolean, read: Signal<number | null>, series: PlotProps["series"], ticks: Charted["ticks"]): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name);
  const axis: uPlot.Axis = { stroke: colour("--soft"), font: `12px ${style.fontFamily}`, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const lines = series(colour);
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_, __, greatest) => [0, Math.max(greatest ?? 0, 50)] },
      y: {
        distr: logarithmic ? 3 : 1,
        range: (_, least, greatest) => {
          if (least == null || greatest == null) return logarithmic ? [0.1, 10] : [0, 5];
          return logarithmic ? [Math.max(least, 1e-6) * 0.85, Math.max(greatest, 1e-5) * 1.15] : [0, greatest * 1.05];
        },
      },
    },
    axes: [
      { ...axis, size: 28, values: (_, steps) => (ticks.x = steps).map((step) => count(step)) },
      { ...axis, size: 44, ...(logarithmic ? { splits: decades, filter: (_: uPlot, splits: number[]) => splits } : {}), values: (_, losses) => (ticks.y = losses).map((loss) => (loss == null ? "" : plain(loss))) },
    ],
    ...lines,
    series: [{}, ...lines.series],
    hooks: {
      setCursor: [
        (chart) => {
          const { idx, left } = chart.cursor;
          read.value = idx == null || left == null || left < 0 ? null : idx;
        },
      ],
    },
  };
}
