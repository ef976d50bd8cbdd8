// The claims about the model: what is said, how far it is true now, and how that came about over the steps. Verdicts have a
// shape and a word, not only a colour.

import { useId } from "preact/hooks";
import type { Claim } from "tinylens";
import { history, latest, read, version, type Judged } from "../claims";
import { count } from "../format";
import { playing } from "../state";
import { RateText } from "./rate";
import { Term } from "./term";

export function Claims() {
  void version.value;
  const now = latest.value;
  const point = read.value === null ? null : (history.at(read.value) ?? null);
  const step = point?.step ?? now?.step;
  const lists = point?.lists ?? now?.claims.lists;
  return (
    <section class="claims" aria-labelledby="claims-title">
      <div class="head">
        <h2 id="claims-title">
          <Term id="claim">Claims</Term>
        </h2>
        <p class="readout" data-figure="claims-step" data-step={step} data-lists={lists}>
          {step === undefined || lists === undefined ? (
            "What the notebook concludes, as statements about this model."
          ) : (
            <>
              At step {count(step)}, over {count(lists)} lists{!point && playing.value && "; measured again as it trains"}. Above 90&nbsp;% a claim <Term id="verdict">holds</Term>, below 50&nbsp;% it fails.
            </>
          )}
        </p>
        <Reader />
      </div>
      {now?.claims.refused && <p class="error">{now.claims.refused}</p>}
      <ul class="claim-list">
        {now?.claims.claims.map((claim) => (
          <Row key={claim.id} claim={claim} judged={point?.claims.get(claim.id) ?? claim} reading={point?.step ?? null} />
        ))}
      </ul>
    </section>
  );
}

/** Moves all charts' reading line; at its right end they follow the training. */
function Reader() {
  const id = useId();
  const last = history.length - 1;
  if (last < 1) return null;
  return (
    <div class="reader">
      <label for={id}>Read at</label>
      <input
        id={id}
        type="range"
        min={0}
        max={last}
        value={read.value ?? last}
        aria-valuetext={read.value === null ? "now" : `step ${count(history.at(read.value)?.step ?? 0)}`}
        onInput={(e) => {
          const at = Number(e.currentTarget.value);
          read.value = at >= last ? null : at;
        }}
      />
      <span class="small">{read.value === null ? "now" : `step ${count(history.at(read.value)?.step ?? 0)}`}</span>
    </div>
  );
}

export const SAID = { holds: "holds", mixed: "mixed", fails: "fails" } as const;

function Row({ claim, judged, reading }: { claim: Claim; judged: Judged; reading: number | null }) {
  const { value, low, high, verdict } = judged;
  const since = reading === null ? history.since(claim.id) : null;
  return (
    <li class={`claim ${verdict}`} data-claim={claim.id} data-value={value} data-verdict={verdict}>
      <span class="verdict">
        <Shape verdict={verdict} />
        {SAID[verdict]}
      </span>
      <p class="text">
        {claim.text.replaceAll(" %", "\u00a0%")}
        {since !== null && since > 0 && history.length > 2 && (
          <span class="small">
            {" "}
            {verdict === "holds" ? "Holds" : verdict === "fails" ? "Fails" : "Mixed"} since step {count(since)}.
          </span>
        )}
      </p>
      <RateText rate={{ rate: value, low, high }} />
      <Chart id={claim.id} reading={reading} />
    </li>
  );
}

export function Shape({ verdict }: { verdict: Claim["verdict"] }) {
  return (
    <svg class="shape" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      {verdict === "holds" && (
        <>
          <circle cx="10" cy="10" r="9" fill="currentColor" />
          <path d="M5.5 10.5l3 3 6-7" fill="none" stroke="var(--paper)" stroke-width="2" />
        </>
      )}
      {verdict === "mixed" && (
        <>
          <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" stroke-width="2" />
          <path d="M10 2a8 8 0 0 1 0 16z" fill="currentColor" />
        </>
      )}
      {verdict === "fails" && <path d="M4 4l12 12M16 4L4 16" fill="none" stroke="currentColor" stroke-width="2.25" />}
    </svg>
  );
}

/** The chart's own units, stretched to its box. */
const [WIDE, HIGH] = [300, 40];

function Chart({ id, reading }: { id: string; reading: number | null }) {
  const points = history.of(id);
  const end = Math.max(50, points.at(-1)?.step ?? 0);
  const x = (step: number) => ((step / end) * WIDE).toFixed(1);
  const y = (share: number) => (2 + (1 - share) * (HIGH - 4)).toFixed(1);
  const line = (of: (point: Judged) => number, all = points) => all.map((point) => `${x(point.step)},${y(of(point))}`).join(" ");
  const point = (event: PointerEvent & { currentTarget: SVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const step = ((event.clientX - box.left) / box.width) * end;
    let nearest = 0;
    for (let i = 1; i < history.length; i++) if (Math.abs(history.at(i)!.step - step) < Math.abs(history.at(nearest)!.step - step)) nearest = i;
    read.value = history.length > 0 ? nearest : null;
  };
  return (
    <svg class="claim-chart" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true" onPointerMove={point} onPointerDown={point} onPointerLeave={() => (read.value = null)}>
      <path class="threshold" d={`M0 ${y(0.9)}H${WIDE}M0 ${y(0.5)}H${WIDE}`} />
      <polygon class="band" points={`${line(({ low }) => low)} ${line(({ high }) => high, [...points].reverse())}`} />
      <polyline class="line" points={line(({ value }) => value)} />
      {reading !== null && <path class="reading" d={`M${x(reading)} 0V${HIGH}`} />}
    </svg>
  );
}
