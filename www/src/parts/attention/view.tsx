// What the pictures show and how: the two choices that matter most beside the heading, the rest folded away. Names, choices and help
// come from the table of settings.

import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Setting, ViewConfig } from "tinylens";
import { change, setView, view, VIEW } from "../../document";
import { settings } from "../../state";
import { Field } from "../editor/field";

/** How choices are called on the page. */
const WORDS: Record<string, string> = {
  pattern: "attention weights",
  scores: "scores before softmax",
  value_weighted: "value-weighted",
  output_weighted: "output-weighted",
  heatmap: "Heat map",
  arcs: "Arcs",
  linear: "linear",
  sqrt: "square root",
  log: "logarithm",
  common: "all heads alike",
  head: "each head’s own",
  blue: "blue",
  viridis: "viridis",
  cividis: "cividis",
  grey: "grey",
  destination: "destinations",
  source: "sources",
  overlay: "laid over one another",
  panels: "side by side",
};
type Choice = "show" | "form" | "scale" | "range" | "colours" | "rows" | "heads";
const NAMES: Record<Choice | "lists", string> = { show: "Show", form: "Form", scale: "Scale", range: "Range", colours: "Colour map", rows: "Rows", heads: "Several heads", lists: "Mean over lists" };

const row = (field: string): Setting | undefined => settings.value.find(({ path }) => path === `view.${field}`);
const choices = (field: Choice): string[] => (row(field)?.choices ?? [view.value[field]]).filter((choice) => choice !== null);
const choose = (field: Choice, value: string) => setView(field, value as never, `${NAMES[field]}: ${WORDS[value] ?? value}`);

/** Whose help is read: the choice that was last touched. */
const touched = signal<Choice | "lists" | null>(null);

export function Look() {
  const id = useId();
  return (
    <div class="look">
      <label for={id} class="unseen">
        {NAMES.show}
      </label>
      <select id={id} class="quiet" value={view.value.show} title={row("show")?.help} onChange={(e) => choose("show", e.currentTarget.value)} data-view="show">
        {choices("show").map((choice) => (
          <option key={choice} value={choice}>
            {WORDS[choice]}
          </option>
        ))}
      </select>
      <div class="segments" role="group" aria-label={NAMES.form} title={row("form")?.help}>
        {choices("form").map((choice) => (
          <button key={choice} type="button" aria-pressed={view.value.form === choice} onClick={() => choose("form", choice)} data-view={`form=${choice}`}>
            {WORDS[choice]}
          </button>
        ))}
      </div>
    </div>
  );
}

const FOLDED: Exclude<Choice, "show" | "form">[] = ["scale", "range", "colours", "rows", "heads"];

export function ViewOptions() {
  const lists = row("lists");
  const others = FOLDED.filter((field) => view.value[field] !== VIEW[field]);
  const said = [...others.map((field) => `${NAMES[field].toLowerCase()} ${WORDS[view.value[field]]}`), ...(view.value.lists > 0 ? [`mean over ${view.value.lists} lists`] : [])];
  const help = touched.value && row(touched.value)?.help;
  return (
    <details class="fold view">
      <summary>
        View <span class="small">{said.join(", ")}</span>
      </summary>
      <div class="fields">
        {FOLDED.map((field) => (
          <Choose key={field} field={field} />
        ))}
        <div onFocusCapture={() => (touched.value = "lists")}>
          <Field name={NAMES.lists} value={view.value.lists} least={lists?.min ?? 0} most={lists?.max ?? 0} onChange={(n) => change({ view: { ...view.value, lists: n ?? 0 } }, n ? `Mean over ${n} lists` : "The one list", "view.lists")} />
        </div>
      </div>
      <p class="small view-help" aria-live="polite">
        {help ?? "How values become colours, what rows stand for, and whether the picture is of this list or of the mean over many."}
      </p>
    </details>
  );
}

function Choose({ field }: { field: Exclude<Choice, "show" | "form"> }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{NAMES[field]}</label>
      <select id={id} value={view.value[field] satisfies ViewConfig[typeof field]} title={row(field)?.help} onFocus={() => (touched.value = field)} onChange={(e) => choose(field, e.currentTarget.value)} data-view={field}>
        {choices(field).map((choice) => (
          <option key={choice} value={choice}>
            {WORDS[choice]}
          </option>
        ))}
      </select>
    </div>
  );
}
