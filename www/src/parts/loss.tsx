// The loss curve: every training step's loss (thinned by curve.ts), the held-out loss where it was measured, and a line that
// reads both.

import { signal } from "@preact/signals";
import type uPlot from "uplot";
import { setView, view } from "../document";
import { count, loss as lossText } from "../format";
import { curve, curveVersion } from "../state";
import { theme } from "../theme";
import { charted, LossTwin } from "./loss_twin";
import { Plot, type PlotProps } from "./plot";

/** Where the curve is read: an index into the columns that are drawn. */
const read = signal<number | null>(null);

export function LossCurve() {
  return (
    <section class="loss" aria-labelledby="loss-title" data-panel="loss">
      <div class="head">
        <h2 id="loss-title">Loss</h2>
        <Readout />
        <label class="check">
          <input type="checkbox" checked={view.value.log_loss} onChange={(e) => setView("log_loss", e.currentTarget.checked, "The loss curve’s axis")} />
          log axis
        </label>
      </div>
      <Plot
        label="Loss curve"
        data={columns}
        version={curveVersion}
        series={series}
        logarithmic={view.value.log_loss}
        theme={theme.value}
        read={read}
        sentence={sentenceAt}
        drawn={(now) => (charted.now = now)}
      />
      <LossTwin />
    </section>
  );
}

function sentenceAt(index: number | null): string | null {
  const { step, mean, least, greatest, heldOut } = curve.columns();
  if (index === null || step[index] === undefined) return null;
  const [at, from, to, held] = [mean[index], least[index], greatest[index], heldOut[index]];
  const training = at == null ? "" : `, training ${lossText(at)}`;
  const spread = from != null && to != null && from !== to ? ` (${lossText(from)} to ${lossText(to)})` : "";
  return `step ${count(step[index])}${training}${spread}${held == null ? "" : `, held out ${lossText(held)}`}`;
}

function Readout() {
  void curveVersion.value;
  return (
    <p class="readout" data-figure="reading">
      {sentenceAt(read.value) ?? (
        <>
          <span class="key training">training</span> <span class="key held-out">held out</span>
        </>
      )}
    </p>
  );
}

function columns(): uPlot.AlignedData {
  const { step, mean, least, greatest, heldOut } = curve.columns();
  return [step, greatest, least, mean, heldOut];
}

const series: PlotProps["series"] = (colour) => {
  const hidden: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
  const ink = colour("--ink");
  return {
    series: [{ ...hidden }, { ...hidden }, { stroke: colour("--accent"), width: 1.5, points: { show: false } }, { stroke: ink, width: 1.5, dash: [3, 3], spanGaps: true, points: { show: true, size: 4, fill: ink, stroke: ink } }],
    bands: [{ series: [1, 2], fill: colour("--band") }],
  };
};
