// The line that reads what is pointed at, or the pinned cell.

import { computed } from "@preact/signals";
import type { Hit } from "tinylens";
import { doc, view } from "../../document";
import { largeHeads } from "../../focus";
import { weight } from "../../format";
import type { CanvasName } from "../../protocol";
import { edited, experiment, pointed, sequence } from "../../state";
import { Term } from "../term";
import { walked } from "./canvas";

/** Whether a position sees only itself and those before it. */
const causal = computed(() => experiment.value?.model.attention_dir !== "bidirectional");
const labels = (name: CanvasName) => (name === "clean" ? sequence.value : (edited.value ?? sequence.value))?.labels;

export function Readout() {
  const now = pointed.value;
  const focus = now?.focus;
  const name: CanvasName = now?.name ?? walked.value ?? "clean";
  if (focus && focus.destination !== null && focus.source !== null) return <Pair name={name} destination={focus.destination} source={focus.source} values={now.hit?.head ? now.hit.values : (now.values[name] ?? [])} />;
  if (focus) return <Token name={name} destination={focus.destination} source={focus.source} />;
  return (
    <p class="readout hint" id="attention-reading">
      {view.value.rows === "destination" ? (
        <>
          Each row, a <Term id="destination">destination</Term>, attends to the <Term id="source">sources</Term> in its columns.
        </>
      ) : (
        <>
          Each row, a <Term id="source">source</Term>, is attended to by the <Term id="destination">destinations</Term> in its columns.
        </>
      )}{" "}
      Point at a cell or a token to read it.
    </p>
  );
}

function Pair({ name, destination, source, values }: { name: CanvasName; destination: number; source: number; values: Hit["values"] }) {
  const later = causal.value && source > destination;
  const [plain, changed] = [sequence.value?.labels, edited.value?.labels];
  const own = labels(name);
  // Where the two sequences have different tokens, a difference is between both.
  const token = (position: number) => (name === "difference" && plain?.[position] !== changed?.[position] ? `${plain?.[position]} → ${changed?.[position]}` : (own?.[position] ?? "?"));
  const difference = name === "difference";
  const many = sequence.value !== null && sequence.value.heads[0] * sequence.value.heads[1] > 1;
  const pinned = doc.value.cell?.destination === destination && doc.value.cell.source === source;
  return (
    <p class="readout" id="attention-reading" data-cell={`${destination},${source}`} data-canvas={name} aria-live={walked.value ? "polite" : "off"}>
      {name === "edited" && "Edited: "}
      {difference && "Difference: "}destination <b>{token(destination)}</b> (position {destination}) {later ? "cannot see" : VERBS[view.value.show]} source <b>{token(source)}</b> (position {source})
      {later ? ", which comes later" : difference ? ", edited less clean: " : ": "}
      {!later &&
        values.map(({ layer, head, value }, i) => (
          <span key={i} data-head={layer === null ? "mean" : `${layer}.${head}`}>
            {i > 0 && ", "}
            {many && `${layer === null ? "mean of all heads" : `L${layer}H${head}`} `}
            <b>{difference ? signed(value) : weight(value)}</b>
          </span>
        ))}
      {pinned && " (pinned)"}
    </p>
  );
}

const VERBS = { pattern: "attends to", scores: "scores", value_weighted: "attends, weighted by the value’s norm, to", output_weighted: "attends, weighted by the output’s norm, to" };

function Token({ name, destination, source }: { name: CanvasName; destination: number | null; source: number | null }) {
  const position = destination ?? source ?? 0;
  const token = labels(name)?.[position] ?? "?";
  const [layers, perLayer] = sequence.value?.heads ?? [1, 1];
  const heads = largeHeads.value.length || layers * perLayer;
  return (
    <p class="readout" id="attention-reading" data-token={`${destination ?? ""},${source ?? ""}`}>
      {destination !== null ? "Where " : "Who attends to "}
      <b>{token}</b> (position {position}){destination !== null && " attends to"}: the tokens’ shades say how much{heads === 1 ? "" : ", by the head that does so most"}.
    </p>
  );
}

/** With a sign that is as wide as a plus. */
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${weight(Math.abs(value))}`;
