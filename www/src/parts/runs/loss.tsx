// The loss curves of two runs in one chart.

import { signal } from "@preact/signals";
import uPlot from "uplot";
import { view } from "../../document";
import { count, loss as lossText } from "../../format";
import { left, right, version, type Side } from "../../store/compare";
import { theme } from "../../theme";
import { Plot, type PlotProps } from "../plot";

const read = signal<number | null>(null);

export function ComparedLoss({ sides }: { sides: [Side, Side] }) {
  return (
    <section class="loss" aria-label="Losses of both runs">
      <div class="head">
        <h4>Loss</h4>
        <p class="readout" data-figure="reading-both">
          {sentenceAt(read.value) ??
            sides.map(({ name }, i) => (
              <span key={i} class={`key side-${i}`}>
                {name}
              </span>
            ))}
          {read.value === null && <span>; dashed: held out</span>}
        </p>
      </div>
      <Plot label="Loss curves of both runs" data={columns} version={version} series={series} logarithmic={view.value.log_loss} theme={theme.value} read={read} sentence={sentenceAt} />
    </section>
  );
}

const both = (): Side[] => [left.value, right.value].filter((side): side is Side => side !== null && !("error" in side));

/** Steps of both; then, of each, the training and the held-out loss. Undefined where a run has no bucket at a step of the other's. */
const columns = (): uPlot.AlignedData => {
  const sides = both();
  return sides.length < 2 ? [[], [], [], [], []] : uPlot.join(sides.map(({ columns: { step, mean, heldOut } }) => [step, mean, heldOut]));
};

const series: PlotProps["series"] = (colour) => ({
  series: ["--accent", "--other"].map(colour).flatMap((stroke) => [
    { stroke, width: 1.5, points: { show: false } },
    { stroke, width: 1.5, dash: [3, 3], spanGaps: true, points: { show: false } },
  ]),
});

/** At a step that one run has no bucket for, its last one before. */
function sentenceAt(index: number | null): string | null {
  const at = index === null ? undefined : columns()[0][index];
  if (at === undefined) return null;
  const losses = both().map(({ name, columns: { step, mean } }) => {
    const place = step.findLastIndex((s) => s <= at);
    const loss = place < 0 || at > step.at(-1)! ? null : mean[place];
    return `${name} ${loss == null ? "–" : lossText(loss)}`;
  });
  return `step ${count(at)}: ${losses.join(", ")}`;
}
