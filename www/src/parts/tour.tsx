// The tour's card, beside what it is about, and the invitation to take it. The card does not block the page: whatever it speaks of can
// be tried while it is there.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { numbers } from "../document";
import { compared } from "../edit";
import { roughPercent } from "../format";
import { behavior } from "../motion";
import { EXPERIMENTS } from "../experiments";
import { play } from "../session";
import { evaluated, experiment, playing } from "../state";
import { known, remember } from "../tour/invitation";
import { STOPS, why, type Stop } from "../tour/stops";
import { TEXTS, Tried } from "../tour/texts";
import { at, can, ENOUGH, enough, failed, go, goBy, leave, stop, tried, tryOut } from "../tour/tour";
import { Wrong } from "./icons";

/** Between the card, what it points at, and the window's edges. */
const GAP = 16;
/** Milliseconds in which a stop comes to rest. */
const SETTLING = 1000;

export function Invitation() {
  if (known.value || at.value) return null;
  return (
    <span class="invitation">
      New here?{" "}
      <button type="button" class="quiet" onClick={() => go("train")}>
        Take the tour, 3 minutes
      </button>
      <button type="button" class="quiet icon" onClick={remember} aria-label="No tour, thank you" title="No tour, thank you">
        <Wrong />
      </button>
    </span>
  );
}

export function Tour() {
  const now = stop();
  return now && <Card now={now} />;
}

function Card({ now }: { now: Stop }) {
  const card = useRef<HTMLDivElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const index = STOPS.indexOf(now);
  const task = experiment.value?.task;

  // Focus comes here, and goes back in the end to where it was.
  const [before] = useState(() => document.activeElement);
  useLayoutEffect(() => {
    remember();
    const escape = (event: KeyboardEvent) => {
      const { activeElement: focused } = document;
      const elsewhere = focused !== document.body && !card.current!.contains(focused);
      if (event.key === "Escape" && !event.defaultPrevented && !elsewhere && !document.querySelector(":popover-open, dialog[open]")) leave();
    };
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("keydown", escape);
      const back = before instanceof HTMLElement && before !== document.body && before.isConnected ? before : document.querySelector<HTMLElement>("#help-button");
      back?.focus({ preventScroll: true });
    };
  }, []);

  useLayoutEffect(() => {
    title.current!.focus({ preventScroll: true });
  }, [now.id]);

  useLayoutEffect(() => {
    let stop = () => {};
    // In the next frame the page is drawn as the stop has made it.
    const frame = requestAnimationFrame(() => (stop = pointAt(document.querySelector<HTMLElement>(now.point) ?? document.querySelector<HTMLElement>(".sequence")!, card.current!)));
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
    // The row of what is edited comes and goes.
  }, [now.id, tried.value, compared.value !== null]);

  const Text = TEXTS[now.id];
  const reason = task ? why(now, task, numbers.value.length) : null;
  const ready = now.id !== "train" || enough();
  return (
    <div class="tour" ref={card} role="dialog" aria-labelledby="tour-title">
      <div class="line">
        <h2 id="tour-title" ref={title} tabIndex={-1} aria-describedby="tour-text">
          {now.title}
        </h2>
        <span class="small">
          <span class="unseen">Tour, </span>
          {index + 1} of {STOPS.length}
        </span>
        <button type="button" class="quiet icon" onClick={leave} aria-label="Leave the tour" title="Leave the tour (Escape)">
          <Wrong />
        </button>
      </div>
      {task && !reason && now.sets.edits.length > 1 && <Experiments now={now} />}
      <div class="text" id="tour-text">
        {!task ? (
          <p>The model is on its way.</p>
        ) : reason ? (
          <p>{reason} So there is nothing to try at this stop.</p>
        ) : failed.value ? (
          <p class="error">{failed.value}</p>
        ) : Text ? (
          <Text />
        ) : (
          tried.value && <Tried id={tried.value} />
        )}
      </div>
      {task && !reason && <Waiting />}
      <div class="line go">
        <ol>
          {STOPS.map(({ id, title }, i) => (
            <li key={id}>
              <a
                href={`#tour=${id}`}
                onClick={(event) => {
                  event.preventDefault();
                  go(id);
                }}
                aria-current={id === now.id ? "step" : undefined}
                aria-label={`${i + 1}: ${title}`}
                title={title}
              />
            </li>
          ))}
        </ol>
        {index > 0 && (
          <button type="button" onClick={() => goBy(-1)}>
            Back
          </button>
        )}
        <button type="button" class={ready ? "primary" : ""} onClick={() => goBy(1)}>
          {index === STOPS.length - 1 ? "Done" : ready ? "Next" : "Go on anyway"}
        </button>
      </div>
    </div>
  );
}

/** The stop's experiments, where there are several. */
function Experiments({ now }: { now: Stop }) {
  return (
    <div class="tries" role="group" aria-label="Experiments of this stop">
      {now.sets.edits.filter(can).map((id) => (
        <button key={id} type="button" aria-pressed={tried.value === id} onClick={() => tryOut(id)}>
          {EXPERIMENTS.find((one) => one.id === id)!.name}
        </button>
      ))}
    </div>
  );
}

/** How far the model is from what the tour is about. */
function Waiting() {
  const share = evaluated.value?.evaluation.sequenceAccuracy ?? 0;
  if (share >= ENOUGH) return null;
  return (
    <div class="waiting">
      <label>
        {playing.value ? "Still learning" : "At rest"}: {roughPercent(share)} of lists sorted. From {roughPercent(ENOUGH)} on, what it does is worth reading.
        <progress max={ENOUGH} value={share} />
      </label>
      {!playing.value && (
        <button type="button" onClick={play}>
          Train on
        </button>
      )}
    </div>
  );
}

const narrow = matchMedia("(max-width: 59.99rem)");

/** Outlines what the card is about, and keeps the card beside it, until the answer is called. */
function pointAt(target: HTMLElement, card: HTMLElement): () => void {
  target.dataset["toured"] = "";
  const arrived = performance.now();
  const put = () => place(card, target);
  // An observer is called at once, and then for whatever is still on its way: the model's answer. Later, where to scroll is not ours to say.
  const observer = new ResizeObserver(() => {
    if (performance.now() - arrived < SETTLING) bring(target, card);
    put();
  });
  observer.observe(target);
  observer.observe(card);
  const listening = new AbortController();
  for (const event of ["resize", "scrollend"]) addEventListener(event, put, { signal: listening.signal });
  return () => {
    delete target.dataset["toured"];
    observer.disconnect();
    listening.abort();
  };
}

/** Whether there is room for the card at the right or the left of what it points at. */
function sides(card: HTMLElement, { left, right }: DOMRect): { right: boolean; left: boolean } {
  const taken = card.offsetWidth + 2 * GAP;
  return { right: right + taken <= document.documentElement.clientWidth, left: left - taken >= 0 };
}

/** Scrolls to what the card points at, if it is not in view or leaves the card no room: then as far down as there is room for both,
 * so that what stands before it is seen too. */
function bring(target: HTMLElement, card: HTMLElement): void {
  if (getComputedStyle(target).position === "fixed") return; // the transport at the thumb
  const box = target.getBoundingClientRect();
  const { right, left } = sides(card, box);
  const floor = narrow.matches ? card.getBoundingClientRect().top : innerHeight - (right || left ? 0 : card.offsetHeight + GAP);
  const lowest = Math.max(GAP, floor - GAP - box.height);
  if (box.top < GAP || box.top > lowest) scrollBy({ top: box.top - lowest, behavior: behavior() });
}

/** Beside what it points at, on the side where there is room; else in the corner. Where it is a sheet, guide.css says where. */
function place(card: HTMLElement, target: HTMLElement): void {
  if (narrow.matches) return;
  const box = target.getBoundingClientRect();
  const { left, right, top, bottom } = box;
  const { offsetWidth: width, offsetHeight: height } = card;
  const { clientWidth, clientHeight } = document.documentElement;
  const room = sides(card, box);
  const within = (y: number) => Math.max(GAP, Math.min(y, clientHeight - height - GAP));
  const aside = clientWidth - width - GAP;
  const [x, y] =
    room.right
      ? [right + GAP, within(top)]
      : room.left
        ? [left - width - GAP, within(top)]
        : bottom + height + 2 * GAP <= clientHeight
          ? [aside, bottom + GAP]
          : [aside, clientHeight - height - GAP];
  card.style.left = `${x}px`;
  card.style.top = `${Math.max(GAP, y)}px`;
}
