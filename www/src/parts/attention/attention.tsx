// Attention: all heads as thumbnails, the large pictures (of the clean sequence and, where something is edited, of the edited one and
// their difference), what they show, a line that reads what is pointed at, and their twins in numbers.

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { doc, view } from "../../document";
import { compared } from "../../edit";
import { largeHeads, unpin } from "../../focus";
import { count } from "../../format";
import type { CanvasName } from "../../protocol";
import { show } from "../../session";
import { edited, generation, meanOf, sequence, viewError } from "../../state";
import { Ablate } from "../editor/ablate";
import { Term } from "../term";
import { Canvas } from "./canvas";
import { Heads } from "./heads";
import { Readout } from "./readout";
import { Twin } from "./twin";
import { Look, ViewOptions } from "./view";

const TITLES = { clean: "Clean", edited: "Edited", difference: "Difference" } as const;
type Large = keyof typeof TITLES;
const ALL: Large[] = ["clean", "edited", "difference"];
/** Where there is room for one. */
const tab = signal<Large>("edited");

export function Attention() {
  const both = compared.value !== null;
  useEffect(
    () =>
      effect(() => {
        void generation.value; // a new worker has not heard it
        show({ view: view.value, heads: largeHeads.value, cell: doc.value.cell });
      }),
    [],
  );
  const escape = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && unpin()) event.preventDefault();
  };
  return (
    <section class="attention" aria-labelledby="attention-title" data-panel="attention" onKeyDown={escape}>
      <div class="head">
        <h2 id="attention-title">
          <Term id="attention">Attention</Term>
        </h2>
        <Look />
      </div>
      <Readout />
      <Heads />
      {both && <Tabs />}
      <div class={`patterns ${both ? "several" : ""}`}>
        {(both ? ALL : ALL.slice(0, 1)).map((name) => (
          <Pattern key={name} name={name} both={both} />
        ))}
      </div>
      <Mean />
      <ViewOptions />
      <Ablate />
      <Twin />
    </section>
  );
}

function Mean() {
  const lists = meanOf.value;
  return (
    <>
      {viewError.value && (
        <p class="error" role="alert">
          {viewError.value}
        </p>
      )}
      {lists > 0 && (
        <p class="small" data-figure="mean">
          The mean over {count(lists)} random lists. n1 is a list’s first number, s1 the first token of the answer.
        </p>
      )}
    </>
  );
}

function Tabs() {
  return (
    <div class="tabs" role="group" aria-label="Which pattern">
      {ALL.map((name) => (
        <button key={name} type="button" aria-pressed={tab.value === name} onClick={() => (tab.value = name)}>
          {TITLES[name]}
        </button>
      ))}
    </div>
  );
}

const SHOWN = { pattern: "attention weights", scores: "attention scores", value_weighted: "value-weighted attention", output_weighted: "output-weighted attention" };

function Pattern({ name, both }: { name: Large; both: boolean }) {
  const lengths = [sequence.value?.labels.length, edited.value?.labels.length];
  const incomparable = name === "difference" && edited.value !== null && lengths[0] !== lengths[1];
  const shown = SHOWN[view.value.show];
  const what = name === "difference" ? `How the edited sequence’s ${shown} differ from the clean one’s` : `The ${both ? `${name} sequence’s ` : ""}${shown}`;
  return (
    <div class={`pattern ${both && tab.value !== name ? "unchosen" : ""}`} data-pattern={name}>
      {both && (
        <h3>
          {TITLES[name]} {name === "difference" && !incomparable && <span class="small">edited less clean</span>}
        </h3>
      )}
      {incomparable ? (
        <p class="small">
          The edited sequence has {lengths[1]} tokens and the clean one {lengths[0]}: their positions do not correspond, so there is no difference to draw cell by cell.
        </p>
      ) : (
        /* A canvas is handed over for good: another worker needs another canvas. */
        <Canvas key={generation.value} name={name as Exclude<CanvasName, "heads">} label={`${what}. Arrow keys go from cell to cell, Enter pins one. All numbers are in “Numbers and files” below.`} />
      )}
    </div>
  );
}
