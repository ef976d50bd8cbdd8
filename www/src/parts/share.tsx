// The share dialog: the link of what is on screen, as itself, as Markdown, as an <iframe> with parts hidden, as a QR code, and with the
// model's weights in it where they fit.

import { computed, effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { encode } from "uqr";
import { addressOf, recordNow } from "../address";
import { broughtBy } from "../arrival";
import { count, size } from "../format";
import { HIDEABLE } from "../panels";
import { askLink } from "../session/line";
import { experiment, file, playing, step } from "../state";
import { copy } from "../take";

type Form = "link" | "markdown" | "iframe";
const FORMS: Record<Form, string> = { link: "Link", markdown: "Markdown", iframe: "For a page (iframe)" };

const open = signal(false);
const form = signal<Form>("link");
const withWeights = signal(false);
/** Hidden in the <iframe>. */
const without = signal<string[]>(["share", "open", "export", "settings"]);
/** The address, or why there is none. */
const address = signal<{ text: string } | { error: string } | null>(null);
/** The weights of the model at that step: how large, or why they do not fit. */
const packed = signal<{ step: number; text: string } | { step: number; error: string } | null>(null);
const said = signal<string | null>(null);

const told = computed(() => {
  const now = address.value;
  if (!now || "error" in now) return "";
  const title = `Tinylens, step ${count(step.value)}`;
  if (form.value === "markdown") return `[${title}](${now.text})`;
  return form.value === "iframe" ? `<iframe src="${now.text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}" title="${title}" width="100%" height="800" loading="lazy"></iframe>` : now.text;
});

/** The link of what is on screen, while the dialog is open: of this very step, also while training goes on. */
async function find(): Promise<void> {
  const record = recordNow(step.value);
  if (!record) return;
  const now = packed.value;
  if (withWeights.value && now && "text" in now) Object.assign(record, { weights: now.text, train: { ...record.train, steps: 0 }, expect: {} }); // trained already, and rounded
  if (form.value === "iframe") record.hide = [...new Set([...(record.hide ?? []), ...without.value])];
  try {
    address.value = { text: addressOf(await askLink({ kind: "encode", record })) };
  } catch (error) {
    address.value = { error: (error as Error).message };
  }
}

async function pack(): Promise<void> {
  const { value: at } = step;
  try {
    packed.value = { step: at, text: await askLink({ kind: "pack" }) };
  } catch (error) {
    packed.value = { step: at, error: (error as Error).message };
  }
}

async function take(): Promise<void> {
  if (await copy(told.value)) said.value = `Copied (${count(told.value.length)} characters).`;
  else {
    said.value = "The browser refused to copy: the text is selected, copy it by hand.";
    document.querySelector<HTMLTextAreaElement>("#share-text")?.select();
  }
}

export function ShareButton() {
  return (
    <>
      <button type="button" class="share" disabled={experiment.value === null} onClick={() => (open.value = true)} aria-haspopup="dialog">
        Share
      </button>
      {open.value && <Dialog />}
    </>
  );
}

function Dialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    said.value = packed.value = null;
    withWeights.value = false;
    dialog.current!.showModal();
    void pack();
    return effect(() => void find());
  }, []);
  const now = address.value;
  // At once: the browser tells of its own closing later, by when another dialog may be open.
  const close = () => {
    dialog.current?.close(); // gives the focus back
    open.value = false;
  };
  return (
    <dialog ref={dialog} class="sharing" aria-labelledby="share-title" onCancel={close} onClick={(e) => e.target === dialog.current && close()}>
      <div class="inside">
        <div class="head">
          <h2 id="share-title">Share what is on screen</h2>
          <button type="button" class="quiet" onClick={close}>
            Close
          </button>
        </div>
        <p class="small">{whatItIs()}</p>
        <div class="segments" role="group" aria-label="As what">
          {(Object.keys(FORMS) as Form[]).map((one) => (
            <button key={one} type="button" aria-pressed={form.value === one} onClick={() => ((form.value = one), (said.value = null))}>
              {FORMS[one]}
            </button>
          ))}
        </div>
        {now && "error" in now ? (
          <p class="error" role="alert">
            {now.error}
          </p>
        ) : (
          <textarea id="share-text" readOnly rows={4} aria-label={FORMS[form.value]} value={told.value} onFocus={(e) => e.currentTarget.select()} />
        )}
        <div class="row">
          <button type="button" class="primary" disabled={told.value === ""} onClick={() => void take()}>
            Copy
          </button>
          <span class="small" role="status">
            {said.value}
          </span>
        </div>
        {form.value === "iframe" && <Hide />}
        <Weights />
        <Code />
      </div>
    </dialog>
  );
}

function whatItIs(): string {
  const from = file.value && !broughtBy(file.value) ? `the model of ${file.value.origin.name} (whoever opens it is asked for that file)` : "the run";
  const steps = step.value === 0 ? "" : `, trained to step ${count(step.value)}${playing.value ? " as of now" : ""}`;
  return `Whoever opens the link gets ${from}${steps}, the list and its edits, what is taken out, and the view. No server sees what follows the #.`;
}

function Hide() {
  return (
    <fieldset class="choices hiding">
      <legend>Hidden there</legend>
      {Object.entries(HIDEABLE).map(([name, words]) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={without.value.includes(name)}
            onChange={(e) => (without.value = e.currentTarget.checked ? [...without.value, name] : without.value.filter((other) => other !== name))}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

/** Where they fit. Taken as the dialog opens: what is trained since then is not in them. */
function Weights() {
  const now = packed.value;
  if (!now) return null;
  if ("error" in now) return <p class="small">{now.error}</p>;
  return (
    <label class="check">
      <input type="checkbox" checked={withWeights.value} onChange={(e) => (withWeights.value = e.currentTarget.checked)} />
      with the model’s weights in it, rounded to float16: {size(now.text.length)} more, and nothing has to be trained
    </label>
  );
}

/** Most bytes that a QR code can hold so that a camera reads it from a screen. */
const MOST = 1200;

function Code() {
  const now = address.value;
  if (!now || "error" in now) return null;
  if (now.text.length > MOST) return <p class="small">The link is too long for a QR code: {count(now.text.length)} characters, and a camera reads up to {count(MOST)}.</p>;
  const { data, size } = encode(now.text, { ecc: "M", border: 3 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <details class="fold code">
      <summary>QR code</summary>
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of the link" shape-rendering="crispEdges">
        <rect width={size} height={size} fill="#fff" />
        <path d={path} fill="#000" />
      </svg>
    </details>
  );
}
