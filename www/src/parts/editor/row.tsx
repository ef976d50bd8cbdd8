// A sequence as a row: the prompt's tokens, which can be edited where `editable`, then what follows them, and under each
// position that counts what the model says comes next.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { cursor, endTyping, focusNext, menu, task } from "../../edit";
import { pointAtToken, standing } from "../../focus";
import { roughPercent } from "../../format";
import { label as labelOf, type Placed } from "../../slots";
import type { Sequence } from "../../protocol";
import { Right, Wrong } from "../icons";
import { pressed } from "./keys";
import { Menu } from "./menu";

/** More tokens than this are drawn smaller. */
const MANY = 36;

type Prediction = Sequence["predictions"][number];

export type RowProps = {
  side: "clean" | "edited";
  editable: boolean;
  /** What the worker has looked at; null: not yet, or something else. */
  sequence: Sequence | null;
  /** The prompt; deleted tokens included. */
  places: Placed[];
  /** Marks where this row's predictions differ from that one's. */
  against: Sequence | null;
  /** What follows the prompt was written by the model. */
  own: boolean;
  everywhere: boolean;
  /** Shows each token's position. */
  numbered: boolean;
  hint: ComponentChildren;
  /** How many tokens a line is to hold, so that rows one above the other have theirs equally wide. */
  across: number;
};

export function Row({ side, editable, sequence, places, against, own, everywhere, numbered, hint, across }: RowProps) {
  const holder = useRef<HTMLDivElement>(null);
  const { value: now } = task;
  const { value: next } = focusNext;
  useLayoutEffect(() => {
    if (!editable || next === null) return;
    focusNext.value = null;
    // Not away from a button that is pressed again and again.
    if (!document.activeElement?.closest(".token-menu")) holder.current!.querySelector<HTMLElement>(`[data-position="${next}"]`)?.focus();
  });
  useLayoutEffect(() => {
    if (!editable) return;
    const away = (event: PointerEvent) => {
      if (event.target instanceof Node && !holder.current!.contains(event.target)) menu.value = false;
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [editable]);

  if (!now) return null;
  const length = places.filter(({ gone }) => !gone).length;
  const last = length - 1;
  const whole = sequence?.labels.length ?? length;
  let position = -1;
  const cells = places.map((place, i) => {
    if (place.gone) return <Ghost key={`gone ${i}`} label={labelOf(place.token, now)} />;
    const at = ++position;
    const label = sequence?.labels[at] ?? labelOf(place.token, now);
    const special = !/^-?\d+$/.test(labelOf(place.token, now)) || at === last;
    const counts = at === last;
    return (
      <Token key={at} side={side} label={label} position={at} special={special} note={noteOf(place, now)} numbered={numbered} editable={editable}>
        {(counts || everywhere) && <Guess {...guess(at, counts)} />}
      </Token>
    );
  });
  function guess(at: number, counts: boolean): GuessProps {
    const other = against?.predictions[against.mid + at - last];
    return { prediction: sequence?.predictions[at], counts, clean: counts && against ? (other?.label ?? null) : undefined };
  }
  const split = places.findIndex(({ gone }, i) => !gone && places.slice(i + 1).every(({ gone }) => gone));
  const answer = Array.from({ length: whole - length }, (_, k) => {
    const at = length + k;
    const counts = at < whole - 1;
    return (
      <Token key={at} side={side} label={sequence!.labels[at]!} position={at} written={own} numbered={numbered}>
        {(counts || everywhere) && <Guess {...guess(at, counts)} />}
      </Token>
    );
  });
  return (
    <div class="row-holder" ref={holder} data-side={side} onKeyDown={(event) => editable && pressed(event)} onFocusOut={(event) => editable && left(event, holder.current!)}>
      <div class={`tokens ${whole > MANY ? "dense" : ""}`} style={{ "--across": String(across) }}>
        {split > 0 && (
          <div class="prompt">
            <ol aria-label={side === "clean" ? "What the model is given" : "What the model is given, edited"}>{cells.slice(0, split)}</ol>
            {hint}
          </div>
        )}
        <ol class="answer" start={last} aria-label={own ? "From the end of the prompt on: what the model writes, and how sure it is" : "From MID on: the sorted list, and what the model says comes next"}>
          {cells.slice(split)}
          {answer}
        </ol>
      </div>
      {split <= 0 && hint}
      {editable && menu.value && <Menu holder={holder} />}
    </div>
  );
}

function left({ relatedTarget }: FocusEvent, holder: HTMLElement): void {
  endTyping();
  if (relatedTarget instanceof Node && !holder.contains(relatedTarget)) menu.value = false;
}

/** What an edit did to a token, in two words. */
function noteOf({ token, clean, moved }: Placed, now: NonNullable<typeof task.value>): string {
  if (clean === null) return "new";
  return [token === clean ? "" : `was ${labelOf(clean, now)}`, moved ? "moved" : ""].filter(Boolean).join(", ");
}

type TokenProps = { side: "clean" | "edited"; label: string; position: number; special?: boolean; written?: boolean; note?: string; numbered: boolean; editable?: boolean; children: ComponentChildren };

function Token({ side, label, position, special = false, written = false, note = "", numbered, editable = false, children }: TokenProps) {
  const current = cursor.value === position;
  const { pointed, shade } = standing(side, position);
  const look = `token ${special ? "special" : ""} ${written ? "written" : ""} ${note ? "changed" : ""} ${editable && current && menu.value ? "chosen" : ""} ${pointed ? "pointed" : ""} ${shade === null ? "" : shade < 0 ? "less" : "shaded"}`;
  return (
    <li
      class={look}
      data-at={position}
      style={shade === null ? {} : { "--shade": `${Math.round(100 * Math.abs(shade))}%` }}
      onPointerEnter={(e) => e.pointerType === "mouse" && pointAtToken(position)}
      onPointerLeave={(e) => e.pointerType === "mouse" && pointAtToken(null)}
    >
      {numbered && (
        <span class="pos" aria-hidden="true">
          {position}
        </span>
      )}
      {editable ? (
        <button
          type="button"
          class="label"
          data-position={position}
          tabIndex={current ? 0 : -1}
          aria-label={`position ${position}, ${label}${note ? `, ${note}` : ""}`}
          aria-describedby="editor-keys"
          aria-expanded={current && menu.value}
          onClick={() => {
            menu.value = !(current && menu.value);
            cursor.value = position;
          }}
          onFocus={(e) => {
            cursor.value = position;
            if (e.currentTarget.matches(":focus-visible")) pointAtToken(position);
          }}
          onBlur={() => pointAtToken(null)}
        >
          {label}
        </button>
      ) : (
        <span class="label" title={`position ${position}`}>
          {label}
        </span>
      )}
      {note && (
        <span class="was" aria-hidden={editable}>
          {note}
        </span>
      )}
      {children}
    </li>
  );
}

function Ghost({ label }: { label: string }) {
  return (
    <li class="token ghost">
      <del class="label">{label}</del>
      <span class="was">deleted</span>
    </li>
  );
}

/** `clean`: what stands there in the clean row; undefined: there is none to compare with, null: it has nothing there. */
type GuessProps = { prediction: Prediction | undefined; counts: boolean; clean: string | null | undefined };

function Guess({ prediction, counts, clean }: GuessProps) {
  if (!prediction) return null;
  const { label, probability, right } = prediction;
  const verdict = !counts || right === null ? "" : right ? "right" : "wrong";
  const differs = clean !== undefined && clean !== label;
  return (
    <span class={`prediction ${counts ? verdict : "uncounted"} ${differs ? "differs" : ""}`} title={differs ? (clean === null ? "the clean one has no answer here" : `the clean one: ${clean}`) : undefined}>
      <span class="unseen">next, says the model: </span>
      <span class="guess">
        {label}
        {verdict && <span class="mark">{right ? <Right /> : <Wrong />}</span>}
        {differs && (
          <span class="mark" aria-hidden="true">
            ≠
          </span>
        )}
      </span>
      <span class="unseen">
        {verdict && `, ${verdict}`}
        {differs && `, differs from the clean one’s ${clean ?? "nothing"}`},{" "}
      </span>
      <span class="probability">{roughPercent(probability)}</span>
      <meter class="bar" min={0} max={1} value={probability} aria-hidden="true" />
    </span>
  );
}
