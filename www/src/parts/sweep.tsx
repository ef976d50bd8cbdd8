// An experiment at every site, over every value, or both, as a heat map. One way swept: a row for each rate. Both: a row for
// each site, and one rate at a time. The numbers are read at the pointer, and stand in a table.

import { signal } from "@preact/signals";
import type { AblationReport, Rate } from "tinylens";
import { MEASURES, tokenName, type Experiment, type Measure } from "../experiments";
import { count, interval } from "../format";
import type { Answer, Sweep } from "../lab";
import { heat, HeatLegend } from "./heat";
import type { AblationName, TaskConfig } from "../sorter";

const measure = signal<Measure>("exact");
/** The cell that is read. */
const read = signal<{ experiment: AblationName; row: number; column: number } | null>(null);

type Grid = { rows: string[]; columns: string[]; cell: (row: number, column: number) => Answer | null; rate: (row: number, report: AblationReport) => Rate };

export function SweepMap({ sweep, one, task }: { sweep: Sweep; one: Experiment; task: TaskConfig }) {
  const { sites, values, cells, step } = sweep;
  const both = sites !== null && values !== null;
  const place = (n: number) => (one.site === "count" ? `${n} stay` : `list[${n}]`);
  const places = sites?.map(place) ?? [];
  const tokens = values?.map((token) => tokenName(task, token)) ?? [];
  const grid: Grid = both
    ? { rows: places, columns: tokens, cell: (row, column) => cells[row * tokens.length + column] ?? null, rate: (_, report) => report[measure.value] }
    : { rows: MEASURES.map(({ name }) => name), columns: sites ? places : tokens, cell: (_, column) => cells[column] ?? null, rate: (row, report) => report[MEASURES[row]!.id] };
  const done = cells.filter((cell) => cell !== null).length;
  return (
    <div class="sweep" data-sweep={one.id} data-done={done}>
      <div class="sweep-head">
        <p class="small">
          {sites && values ? "Every site and every value" : sites ? (one.site === "count" ? "Every length" : "Every site") : "Every value"}: {count(done)} of {count(cells.length)} measured{step !== null && `, at step ${count(step)}`}. The row above
          has one drawn anew for each list.
        </p>
        {both && (
          <select class="quiet" aria-label="What the map shows" value={measure.value} onChange={(e) => (measure.value = e.currentTarget.value as Measure)}>
            {MEASURES.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </div>
      <Map grid={grid} experiment={one.id} />
      <div class="map-foot">
        <p class="small" data-figure="sweep-reading">
          {reading(grid, one.id)}
        </p>
        <HeatLegend />
      </div>
      <details>
        <summary>As a table</summary>
        <Numbers grid={grid} />
      </details>
    </div>
  );
}

function reading({ rows, columns, cell, rate }: Grid, experiment: AblationName): string {
  const at = read.value;
  if (at?.experiment !== experiment || rows[at.row] === undefined || columns[at.column] === undefined) return "Point at a cell to read it.";
  const answer = cell(at.row, at.column);
  const figure = answer === null ? "not measured" : "error" in answer ? answer.error : interval(rate(at.row, answer));
  return `${columns[at.column]}, ${rows[at.row]}: ${figure}`;
}

function Map({ grid: { rows, columns, cell, rate }, experiment }: { grid: Grid; experiment: AblationName }) {
  const point = (event: PointerEvent) => {
    const index = event.target instanceof HTMLElement ? event.target.dataset["cell"] : undefined;
    if (index !== undefined) read.value = { experiment, row: Math.floor(Number(index) / columns.length), column: Number(index) % columns.length };
  };
  // With many columns, every so manieth is named.
  const every = Math.ceil(columns.length / 14);
  return (
    <div class="map" aria-hidden="true" style={{ "--columns": String(columns.length) }} onPointerMove={point} onPointerDown={point} onPointerLeave={() => (read.value = null)}>
      {rows.map((name, row) => [
        <span key={`${row}`} class="name">
          {name}
        </span>,
        ...columns.map((_, column) => {
          const answer = cell(row, column);
          const shade = answer && !("error" in answer) ? heat(rate(row, answer).rate) : { class: "cell none" };
          return <span key={`${row} ${column}`} {...shade} data-cell={row * columns.length + column} />;
        }),
      ])}
      <span />
      {columns.map((name, column) => (
        <span key={column} class="tick">
          {column % every === 0 ? name : ""}
        </span>
      ))}
    </div>
  );
}

function Numbers({ grid: { rows, columns, cell, rate } }: { grid: Grid }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The sweep as a table">
      <table>
        <thead>
          <tr>
            <td />
            {rows.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((name, column) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {rows.map((_, row) => {
                const answer = cell(row, column);
                return <td key={row}>{answer && !("error" in answer) ? interval(rate(row, answer)) : "–"}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
