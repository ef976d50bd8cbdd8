// A survey's rows (measure.mjs) as tables: for a terminal, and as Markdown for the README.

const digits = (n) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const rate = (n) => digits(n).replace(/\B(?=(\d{3})+(?!\d))/g, n >= 1000 ? "," : "");

/** The better of PyTorch's ways to do the same on one device, model by model, as a row. */
function best(rows, device, phase) {
  const ways = rows.filter((row) => row.device === device);
  if (ways.length < 2) return ways[0] ?? null;
  const ids = Object.keys(ways[0].models);
  const better = (id) => ways.map((row) => row.models[id][phase]).reduce((a, b) => ((b?.median ?? 0) > (a?.median ?? 0) ? b : a));
  const name = `${ways[0].name.replace(/, (fused Adam|CUDA graphs)/g, "")}, the best of ${ways.length} ways`;
  return { ...ways[0], name, models: Object.fromEntries(ids.map((id) => [id, { [phase]: better(id) }])) };
}

/** Rows in the order to be shown, and the one that the others are compared with. */
function shown(rows, phase) {
  const cpu = best(rows, "pytorch cpu", phase);
  return { rows: [cpu, ...rows.filter(({ device }) => device !== "pytorch cpu")].filter(Boolean), to: cpu };
}

function cell(row, to, id, phase, spread) {
  const found = row.models[id][phase];
  if (!found) return "–";
  const { median, low, high } = found;
  const compared = to && row !== to && to.models[id][phase];
  return `${rate(median)}${compared ? ` (${digits(median / compared.median)}×)` : ""}${spread ? ` ${rate(low)}–${rate(high)}` : ""}`;
}

const label = (row) => row.name + (row.software ? " (software adapter)" : "");

/** Aligned columns. */
export function columns(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("   ")).join("\n");
}

const TITLES = { trained: (first) => `after ${first} steps`, first: (first) => `the first ${first} steps` };

/** Of a report (measure.mjs). */
export function text({ rows, plan, models }) {
  const ids = Object.keys(models);
  const tables = Object.entries(TITLES).map(([phase, title]) => {
    const { rows: lines, to } = shown(rows, phase);
    const cells = [[`steps a second, ${title(plan.first)}`, ...ids], ...lines.map((row) => [label(row), ...ids.map((id) => cell(row, to, id, phase, true))])];
    return columns(cells);
  });
  const recorded = gpu(rows, ids);
  if (recorded) tables.push(columns(recorded));
  const whys = rows.filter(({ why }) => why).map((row) => `${label(row)}: ${row.why}`);
  const note = `Medians of ${plan.rounds} interleaved rounds, then lowest and highest; in brackets the ratio to PyTorch on the CPU.`;
  return [...ids.map((id) => `${id}: ${models[id]}`), "", ...tables.flatMap((table) => [table, ""]), note, ...whys].join("\n");
}

/** What a step asks of WebGPU; null: nobody counted. */
function gpu(rows, ids) {
  const counted = rows.filter((row) => ids.some((id) => row.models[id].gpu));
  if (counted.length === 0) return null;
  const line = (title, value) => counted.map((row) => [`${counted.length > 1 ? `${row.name}: ` : ""}${title}`, ...ids.map((id) => (row.models[id].gpu ? value(row.models[id].gpu, row.models[id]) : "–"))]);
  const few = (n) => String(Number(n.toFixed(n < 10 ? 2 : 0)));
  return [
    ["WebGPU, each step", ...ids],
    ...line("path", (_, { path }) => path),
    ...line("dispatches", ({ dispatches }) => few(dispatches)),
    ...line("submissions", ({ submits }) => few(submits)),
    ...line("buffers and bind groups made", ({ buffers, bindGroups }) => few(buffers + bindGroups)),
    ...line("recording it, µs", ({ recordMs }) => (recordMs === null ? "–" : few(1000 * recordMs))),
  ];
}

const row = (cells) => `| ${cells.join(" | ")} |`;
const markdownTable = ([head, ...lines]) => [row(head), row(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...lines.map(row)].join("\n");

/** The README's section, of a report. */
export function markdown({ rows, plan, models, machine, date }) {
  const ids = Object.keys(models);
  const { rows: lines, to } = shown(rows, "trained");
  const cells = [["steps a second", ...ids], ...lines.map((row) => [label(row), ...ids.map((id) => cell(row, to, id, "trained", false))])];
  const counted = gpu(rows, ids);
  return [
    markdownTable(cells),
    "",
    ...(counted ? [markdownTable(counted), ""] : []),
    ...ids.map((id) => `- ${id}: ${models[id]}.`),
    "",
    `Medians of ${plan.rounds} interleaved rounds on one machine (${machine.cpu}, ${machine.hardwareConcurrency} cores), models trained ${plan.first} steps; in brackets the ratio to`,
    `PyTorch's best there. Made by \`cargo xtask bench --readme\` on ${date.slice(0, 10)}.`,
  ].join("\n");
}

/** Of an endurance curve. */
export const endurance = (curve) =>
  columns([["until step", "steps a second", "slowest, ms a step", "wasm memory, MB"], ...curve.map(({ steps, stepsPerSecond, slowestMs, memory }) => [String(steps), digits(stepsPerSecond), slowestMs.toFixed(2), (memory / 2 ** 20).toFixed(1)])]);
