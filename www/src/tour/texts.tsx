// What the stops say. Where a sentence is about the model, it is made from what the page shows of the model on screen: its answers, its
// claims, its accuracy. A sentence that another model would make false is not said of that model.

import type { ComponentChildren } from "preact";
import type { Claim } from "tinylens";
import { latest } from "../claims";
import { numbers } from "../document";
import { compared, own } from "../edit";
import { count, interval, percent } from "../format";
import { Term } from "../parts/term";
import { judged, says, PRESETS } from "../presets";
import { label } from "../slots";
import { edited, evaluated, experiment, file, sequence, step } from "../state";
import type { StopId } from "./stops";
import { ENOUGH, placeOf } from "./tour";
import type { AblationName, TaskConfig } from "../sorter";

const task = (): TaskConfig => experiment.value!.task;
const spell = (tokens: readonly number[]): string => tokens.map((token) => label(token, task())).join(" ");
const claim = (id: string): Claim | undefined => latest.value?.claims.claims.find((claim) => claim.id === id);
const accuracy = (): number | null => evaluated.value?.evaluation.sequenceAccuracy ?? null;

const times = (n: number): string => ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][n] ?? count(n);

/** What the model writes after the edited prompt; null: the worker has not looked at it yet. */
function answer(): number[] | null {
  const { value: prompt } = compared;
  const { value: now } = edited;
  if (!prompt || !now || prompt.some((token, i) => token !== now.tokens[i]) || now.mid + 1 !== prompt.length) return null;
  return now.tokens.slice(prompt.length);
}

/** What it writes after the clean one, where that is shown. */
const cleanAnswer = (): number[] | null => (own.value && sequence.value ? sequence.value.tokens.slice(sequence.value.mid + 1) : null);

/** A claim's figure and its verdict, or that there is none. */
function Measured({ id, of, children }: { id: string; of: "cases" | "lists"; children: ComponentChildren }) {
  const now = claim(id);
  if (!now) return null;
  const said = { holds: "so the claim holds for this model", mixed: "so for this model it is true of some lists and not of others", fails: "so for this model the claim fails" }[now.verdict];
  return (
    <p>
      {children} <Term id="interval">{interval({ rate: now.value, low: now.low, high: now.high })}</Term> of {of}, {said}.
    </p>
  );
}

function Train() {
  const now = sequence.value;
  const share = accuracy();
  const said = now && !own.value ? now.predictions.slice(now.mid, now.tokens.length - 1) : [];
  const right = said.filter(({ right }) => right).length;
  return (
    <>
      {file.value ? (
        <p>
          This model was opened from {file.value.origin.name}: its weights are there already, and rest. Play would train them further.
        </p>
      ) : (
        <p>
          The model started from random weights. In every <Term id="step">step</Term> it reads lists with their sorted order, guesses each next <Term id="token">token</Term> of the answer, and its weights move a little towards what would have been right.
        </p>
      )}
      <p>
        Look at the <Term id="loss">loss</Term>, and under the tokens from {task().mid_token === null ? "the end of the list" : "MID"} on: there stands what it says comes next.
      </p>
      {said.length > 0 && (
        <p>
          For this list it says <b>{said.map(({ label }) => label).join(" ")}</b>: {right === said.length ? "all right" : right === 0 ? "none of them right yet" : `${times(right)} of ${times(said.length)} right`}.
          {share !== null && (
            <>
              {" "}
              After {count(step.value)} steps{file.value ? " here" : ""} it sorts {percent(share)} of <Term id="held_out">held-out</Term> lists.
            </>
          )}
        </p>
      )}
    </>
  );
}

function ReadPattern() {
  const [layers, perLayer] = sequence.value?.heads ?? [1, 1];
  const all = layers * perLayer;
  return (
    <>
      <p>
        {all === 1 ? "This is the " : `The model has ${times(all)} heads, each with its own `}
        <Term id="pattern">pattern</Term>
        {all === 1 ? " of the model’s only head" : ""}. A row is a <Term id="destination">destination</Term>, a position that gathers; the columns are the <Term id="source">sources</Term> it gathers from. The stronger the colour, the more attention.
      </p>
      <p>Read the lower rows: those positions have to write the answer. Point at a cell for its number.</p>
      <Measured id="next_larger" of="cases">A sorted number attends most to the next larger number, which is the one to write after it, in</Measured>
      <Measured id="last_position" of="lists">The last position, which has nothing to write, attends most to the largest number in</Measured>
      {!claim("next_larger") && <p>{latest.value?.claims.refused ?? "How often a number attends to the next larger one is measured while you read."}</p>}
    </>
  );
}

/** What was done to the list, in a sentence. */
function done(id: AblationName): string {
  const { site, value } = placeOf(id);
  const list = numbers.value;
  switch (id) {
    case "mid_injection":
    case "bos_injection":
      return `${value} now stands where ${list[site]} stood: list[${site}].`;
    case "mid_replacement":
      return `${value} stands where MID was. The length is the same, and so is every position.`;
    case "mid_deletion":
      return "MID is gone for good: the prompt is one token shorter, and what comes after MID has moved to an earlier position.";
    case "shorter":
      return `Only the first ${times(site)} of ${times(list.length)} numbers are left; MID follows them at once.`;
    case "bos_replacement":
      return `${value} stands where BOS was.`;
    case "bos_deletion":
      return "BOS is gone for good: every token has moved to an earlier position.";
    default:
      return "The prompt is BOS and nothing else.";
  }
}

/** The numbers that are left to be sorted. */
function left(id: AblationName): number[] {
  const { site } = placeOf(id);
  if (id === "mid_injection" || id === "bos_injection") return numbers.value.filter((_, i) => i !== site);
  if (id === "shorter") return numbers.value.slice(0, site);
  return id === "bos_only" ? [] : [...numbers.value];
}

/** What an answer means, where it means something. */
function meaning(id: AblationName, tokens: readonly number[]): string {
  const what = judged(tokens, left(id), task());
  const before = cleanAnswer();
  const same = before !== null && before.join() === tokens.join();
  const share = accuracy();
  if (share !== null && share < ENOUGH) return `But this model sorts only ${percent(share)} of lists with nothing changed, so that little can be read from it.`;
  switch (id) {
    case "mid_injection":
    case "bos_injection":
      if (what === "sorted, and the largest again") return "One number is missing, and the answer still has its length: a place that finds no larger number to attend to repeats the largest.";
      return what === "sorted" ? "It sorts what is left, and stops." : "On this list it does not sort what is left.";
    case "mid_replacement":
      return same ? "The same answer as with MID: on this list the model does without it, as long as something stands in its place." : "Another answer than with MID: on this list it matters which token stands there.";
    case "bos_replacement":
      return same ? "The same answer as with BOS: on this list the model does without it." : "Another answer than with BOS: on this list it matters which token stands there.";
    case "mid_deletion":
    case "bos_deletion":
      return same
        ? "The same answer as before, though every later token has moved."
        : "Replacing a token leaves the others where they are. Deleting it moves them, to positions that ask for something else.";
    case "shorter":
      if (what.startsWith("sorted")) return "It sorts a list that is shorter than usual.";
      return task().var_length ? "It does not sort this one, though it is trained on lists of every length." : `It knows only lists of ${times(task().list_length)} numbers: each position of the answer asks for its own place in those.`;
    default:
      return new Set(tokens).size === 1 ? "Given nothing to sort, it says one thing, again and again." : "Given nothing to sort, it says different things at different positions.";
  }
}

/** Of those that are claims about the model too. */
const CLAIMED: Partial<Record<AblationName, string>> = {
  mid_injection: "Over many random lists, the rest is sorted and its largest number repeated in",
  bos_injection: "Over many random lists, the rest is sorted and its largest number repeated in",
  mid_replacement: "Over many random lists, a number in place of MID changes nothing in",
  bos_replacement: "Over many random lists, a number in place of BOS changes nothing in",
};

export function Tried({ id }: { id: AblationName }) {
  const now = answer();
  const over = CLAIMED[id];
  return (
    <>
      <p>{done(id)}</p>
      <p class="notebook">{says(PRESETS.find((preset) => preset.id === id)!)}</p>
      {now ? (
        <p>
          This model writes <b>{spell(now)}</b>
          {id === "bos_only" ? "" : `: ${judged(now, left(id), task())}`}. {meaning(id, now)}
        </p>
      ) : (
        <p>This model writes …</p>
      )}
      {over && <Measured id={id} of="lists">{over}</Measured>}
    </>
  );
}

function Claims() {
  const now = latest.value?.claims;
  if (!now || now.claims.length === 0) return <p>{now?.refused ?? "The claims are being measured."}</p>;
  const number = (verdict: Claim["verdict"]) => now.claims.filter((claim) => claim.verdict === verdict).length;
  const broken = now.claims.find(({ verdict }) => verdict === "fails") ?? now.claims.find(({ verdict }) => verdict === "mixed");
  return (
    <>
      <p>
        One list may be chance. So what the notebook concludes is written down here as <Term id="claim">claims</Term>, each counted over {count(now.lists)} random lists, and again while the model trains.
      </p>
      <p>
        Of {times(now.claims.length)} claims about this model, <b>{times(number("holds"))}</b> hold, <b>{times(number("mixed"))}</b> {number("mixed") === 1 ? "is" : "are"} mixed and <b>{times(number("fails"))}</b> {number("fails") === 1 ? "fails" : "fail"}.
        {broken && (
          <>
            {" "}
            {broken.verdict === "fails" ? "One that fails" : "One that is mixed"}, with {interval({ rate: broken.value, low: broken.low, high: broken.high })}: “{broken.text.replaceAll(" %", "\u00a0%").replace(/\.$/, "")}”.
          </>
        )}
      </p>
      <p>The curves show when each became true. A claim from one list of one model is where a question starts, not where it ends.</p>
    </>
  );
}

function YourTurn() {
  return (
    <>
      <p>Click any token of the prompt to replace, delete, move or insert; undo takes back whatever you do. The notebook’s experiments are below the sequence, each at a click.</p>
      <p>
        Then: take a head out of the model, measure an experiment over thousands of lists in the <Term id="ablation">ablation</Term> table, train with EOS or on shorter lists (in the settings), or drop a <Term id="checkpoint">checkpoint</Term> of your own on the page.
      </p>
      <p>
        <kbd>?</kbd> lists the keys and explains the words.
      </p>
    </>
  );
}

/** Of the stops that do no experiment. */
export const TEXTS: Partial<Record<StopId, () => ComponentChildren>> = { train: Train, read_pattern: ReadPattern, claims: Claims, your_turn: YourTurn };
