// The loss curve's twins: its numbers in a table, and the chart as JSON, SVG and PNG. SVG and PNG are made from the chart that is on
// the page, so that all have one geometry.

import { signal } from "@preact/signals";
import { count, loss as lossText, plain } from "../format";
import { curve, curveVersion, step } from "../state";
import type { Charted } from "./plot";
import { stem, Taken, TakenLine } from "./taken";

const taken = new Taken();
const open = signal(false);

/** The chart on the page. */
export const charted: { now: Charted | null } = { now: null };

const name = (kind: string) => `${stem()}-step-${step.value}-loss.${kind}`;

export function LossTwin() {
  return (
    <details class="fold twin" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>Numbers and files</summary>
      <div class="fields">
        <button type="button" onClick={() => void taken.copy(() => ({ name: name("json"), content: JSON.stringify(curve.columns()) }))}>
          Copy as JSON
        </button>
        <button type="button" onClick={() => void taken.save(() => ({ name: name("svg"), content: svg() }))}>
          Save as SVG
        </button>
        <button type="button" onClick={() => void taken.save(async () => ({ name: name("png"), content: await png() }))}>
          Save as PNG
        </button>
      </div>
      <TakenLine taken={taken} />
      {open.value && <Numbers />}
    </details>
  );
}

/** So many rows can be read; a longer curve's steps are thinned to them, the last always among them. */
const MOST = 200;

function Numbers() {
  void curveVersion.value;
  const { step, mean, least, greatest, heldOut } = curve.columns();
  const every = Math.ceil(step.length / MOST);
  const rows = step.flatMap((_, i) => ((step.length - 1 - i) % every === 0 || heldOut[i] !== null ? [i] : []));
  const cell = (value: number | null | undefined) => (value == null ? "" : lossText(value));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Losses as a table">
      <table>
        <caption>Losses up to each step: of training (their mean, least and greatest since the row before), and of held-out lists</caption>
        <thead>
          <tr>
            {["Step", "Training", "Least", "Greatest", "Held out"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={step[i]}>
              <th scope="row">{count(step[i]!)}</th>
              {[mean, least, greatest, heldOut].map((column, k) => (
                <td key={k}>{cell(column[i])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function present(): Charted {
  if (!charted.now || curve.columns().step.length === 0) throw new Error("There is no curve yet: train a step first.");
  return charted.now;
}

/** Where the paint of a canvas has no background, the page's. */
const paper = () => getComputedStyle(document.body).backgroundColor;

/** In CSS pixels, as the chart is drawn. */
function svg(): string {
  const { chart, ticks } = present();
  const { width, height } = chart;
  const style = getComputedStyle(chart.root);
  const colour = (property: string) => style.getPropertyValue(property).trim();
  const [plot, ratio] = [chart.bbox, devicePixelRatio];
  const [left, top, right, bottom] = [plot.left / ratio, plot.top / ratio, (plot.left + plot.width) / ratio, (plot.top + plot.height) / ratio];
  const x = (value: number) => left + chart.valToPos(value, "x");
  const y = (value: number) => top + chart.valToPos(value, "y");
  const { step, mean, least, greatest, heldOut } = curve.columns();
  const points = (column: (number | null)[]) => step.flatMap((at, i) => (column[i] == null ? [] : [[x(at), y(column[i]!)] as const]));
  const path = (column: (number | null)[]) => points(column).map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
  const band = [...points(greatest), ...points(least).reverse()].map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
  const inside = (at: number, from: number, to: number) => at >= from - 0.5 && at <= to + 0.5;
  const lines = [
    ...ticks.x.filter((tick) => inside(x(tick), left, right)).map((tick) => `<path d="M${x(tick)} ${top}V${bottom}" stroke="${colour("--line")}"/><text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${count(tick)}</text>`),
    ...ticks.y.filter((tick) => inside(y(tick), top, bottom)).map((tick) => `<path d="M${left} ${y(tick)}H${right}" stroke="${colour("--line")}"/><text x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${plain(tick)}</text>`),
  ];
  const dots = points(heldOut).map(([x, y]) => `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="2" fill="${colour("--ink")}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colour("--soft")}">
<rect width="100%" height="100%" fill="${paper()}"/>
${lines.join("\n")}
<polygon points="${band}" fill="${colour("--band")}"/>
<path class="training" d="${path(mean)}" fill="none" stroke="${colour("--accent")}" stroke-width="1.5"/>
<path class="held-out" d="${path(heldOut)}" fill="none" stroke="${colour("--ink")}" stroke-width="1.5" stroke-dasharray="3 3"/>
${dots.join("\n")}
</svg>
`;
}

async function png(): Promise<Uint8Array<ArrayBuffer>> {
  const source = present().chart.ctx.canvas;
  const canvas = new OffscreenCanvas(source.width, source.height);
  const context = canvas.getContext("2d")!;
  context.fillStyle = paper();
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
}
