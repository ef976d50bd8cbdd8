// A word with its explanation: underlined with dots; pressed, it says what it means.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { TERMS, type TermId } from "../help";

/** Between a word and its explanation, and between that and the window's edges. */
const GAP = 8;

/** Preact's own ids are different within one tree only, and the page has several. */
let made = 0;

export function Term({ id, children }: { id: TermId; children: ComponentChildren }) {
  const [popover] = useState(() => `term-${++made}`);
  const word = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLSpanElement>(null);
  /** Under its word, or above it where there is no room. It belongs to the page, and scrolls with it. */
  const place = ({ newState }: { newState: string }) => {
    if (newState !== "open") return;
    const { left, top, bottom } = word.current!.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = box.current!;
    const { clientWidth, clientHeight } = document.documentElement;
    const above = bottom + GAP + offsetHeight > clientHeight && top > offsetHeight + GAP;
    style.left = `${scrollX + Math.max(GAP, Math.min(left, clientWidth - offsetWidth - GAP))}px`;
    style.top = `${scrollY + (above ? top - offsetHeight - GAP : bottom + GAP)}px`;
  };
  return (
    <>
      <button type="button" class="term" ref={word} data-term={id} popovertarget={popover}>
        {children}
      </button>
      <span class="term-help" id={popover} ref={box} popover="auto" onToggle={place}>
        <b>{TERMS[id].word}</b> {TERMS[id].help}
      </span>
    </>
  );
}
