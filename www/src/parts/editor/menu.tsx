// What can be done with the token at the cursor, for mouse and thumb.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { clean, cursor, edited, endTyping, goTo, insert, menu, move, refusal, remove, replace, task } from "../../edit";
import { experiment } from "../../state";
import { label, NAMES, tokenOf, valueOf } from "../../slots";
import { Wrong } from "../icons";

export function Menu({ holder }: { holder: RefObject<HTMLElement | null> }) {
  const box = useRef<HTMLDivElement>(null);
  const { value: position } = cursor;
  const prompt = edited.value ?? clean.value;
  const token = prompt[position];
  // Under its token, as far as the row has room.
  useLayoutEffect(() => {
    const target = holder.current!.querySelector<HTMLElement>(`[data-position="${position}"]`);
    if (!target || !box.current) return;
    const row = holder.current!.getBoundingClientRect();
    const { left, bottom } = target.getBoundingClientRect();
    box.current.style.left = `${Math.max(0, Math.min(left - row.left, row.width - box.current.offsetWidth))}px`;
    box.current.style.top = `${bottom - row.top + 6}px`;
  });
  const { value: now } = task;
  if (!now || token === undefined) return null;
  const close = () => {
    menu.value = false;
    endTyping();
    goTo(position);
  };
  return (
    <div class="token-menu" ref={box} role="group" aria-label={`What to do with position ${position}, ${label(token, now)}`}>
      <div class="line">
        <p>
          Position {position}: <b>{label(token, now)}</b>
        </p>
        <button type="button" class="icon plain" onClick={close} aria-label="Close" title="Close (Escape)">
          <Wrong />
        </button>
      </div>
      <Replace key={position} position={position} token={token} onDone={close} />
      <div class="line">
        <button type="button" onClick={() => move(position, -1)} disabled={position === 0} title="Move one position earlier (Alt ←)" aria-label="Move earlier">
          ← Move
        </button>
        <button type="button" onClick={() => move(position, 1)} disabled={position === prompt.length - 1} title="Move one position later (Alt →)" aria-label="Move later">
          Move →
        </button>
        <button type="button" onClick={() => remove(position)} title="Delete">
          Delete
        </button>
      </div>
      <div class="line">
        <button type="button" onClick={() => insert(position, "before")}>
          Insert before
        </button>
        <button type="button" onClick={() => insert(position, "after")} title="Insert after (Insert, +)">
          Insert after
        </button>
      </div>
      <p class="small">Replacing moves nothing. Deleting makes the sequence really shorter and inserting longer: every later token gets another position.</p>
    </div>
  );
}

function Replace({ position, token, onDone }: { position: number; token: number; onDone: () => void }) {
  const [typed, setTyped] = useState("");
  const now = task.value!;
  const size = experiment.value!.model.d_vocab;
  const enter = (text: string) => {
    setTyped(text);
    const word = text.trim().toUpperCase();
    const name = NAMES.find((name) => name === word);
    if (name) replace(position, name, `field:${position}`);
    else if (/^\d+$/.test(word)) replace(position, Number(word), `field:${position}`);
    else refusal.value = null;
  };
  const random = () => now.min_value + Math.floor(Math.random() * (now.max_value - now.min_value));
  return (
    <div class="line">
      <input
        type="text"
        inputMode="numeric"
        autocomplete="off"
        size={4}
        placeholder="number"
        value={typed}
        onInput={(e) => enter(e.currentTarget.value)}
        onKeyDown={(e) => e.key === "Enter" && onDone()}
        onBlur={endTyping}
        aria-label="Replace by"
        aria-invalid={typed.trim() !== "" && refusal.value !== null}
      />
      <select aria-label="Replace by a token of the vocabulary" value={String(token)} onChange={(e) => replace(position, valueOf(Number(e.currentTarget.value), now))}>
        {Array.from({ length: size }, (_, i) => (
          <option key={i} value={String(i)}>
            {label(i, now)}
          </option>
        ))}
      </select>
      <button type="button" onClick={() => replace(position, random())} title="A random number">
        Random
      </button>
      <div class="line names">
        {NAMES.filter((name) => tokenOf(name, now) !== null).map((name) => (
          <button type="button" key={name} onClick={() => replace(position, name)}>
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}
