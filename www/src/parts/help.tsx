// The help: every key, and every word. A button opens it, and "?".

import { useLayoutEffect, useRef } from "preact/hooks";
import { CELL_KEYS } from "../focus";
import { GROUPS } from "../help";
import { helping, PAGE_KEYS } from "../keys";
import { alone } from "../program";
import { go } from "../tour/tour";
import { HEAD_KEYS } from "./attention/heads";
import { TOKEN_KEYS } from "./editor/keys";
import { Wrong } from "./icons";
import { CURVE_KEYS } from "./plot";

const KEYS = [
  { where: "Anywhere but in a field", keys: PAGE_KEYS },
  { where: "On a token of the prompt", keys: TOKEN_KEYS },
  { where: "On an attention picture", keys: CELL_KEYS },
  { where: "On the thumbnails of heads", keys: HEAD_KEYS },
  { where: "On the loss curve", keys: CURVE_KEYS },
];

export function HelpButton() {
  return (
    <button type="button" id="help-button" class="chip help-button" onClick={() => (helping.value = true)} aria-haspopup="dialog" aria-keyshortcuts="?" aria-label="Help: keys and words" title="Help: keys and words (?)">
      ?
    </button>
  );
}

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { value: open } = helping;
  // At once, not after the next frame: the event of having been closed may still be on its way, and would be taken for this opening's.
  useLayoutEffect(() => {
    if (open && !dialog.current!.open) dialog.current!.showModal();
    if (!open) dialog.current!.close();
  }, [open]);
  const close = () => (helping.value = false);
  /** It has been closed a moment ago, and perhaps been opened again since. */
  const closed = () => {
    if (!dialog.current!.open) close();
  };
  const tour = () => {
    dialog.current!.close(); // first, so that the focus is back where it was before the tour takes it
    close();
    go("train");
  };
  return (
    <dialog class="help" ref={dialog} aria-labelledby="help-title" onCancel={close} onClose={closed} onClick={(event) => event.target === event.currentTarget && close()}>
      {open && (
        <div class="page">
          <div class="line">
            <h2 id="help-title">Help</h2>
            <button type="button" onClick={tour}>
              Take the tour
            </button>
            <button type="button" class="quiet icon" onClick={close} aria-label="Close" title="Close (Escape)">
              <Wrong />
            </button>
          </div>
          <Keyboard />
          <Words />
          {/* The page in one file has no other beside it. */}
          {!alone && (
            <p>
              <a href="bench.html">Benchmark</a>: how fast this machine trains, on its CPU and with WebGPU.
            </p>
          )}
        </div>
      )}
    </dialog>
  );
}

function Keyboard() {
  return (
    <section aria-labelledby="keyboard-title">
      <h3 id="keyboard-title">Keyboard</h3>
      <div class="columns">
        {KEYS.map(({ where, keys }) => (
          <table key={where} data-keys={where}>
            <caption>{where}</caption>
            <tbody>
              {keys.map(({ name, does }) => (
                <tr key={name}>
                  <th scope="row">
                    {name.split(", ").map((key) => (
                    <>
                      <kbd>{key}</kbd>{" "}
                    </>
                  ))}
                  </th>
                  <td>{does}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </section>
  );
}

function Words() {
  return (
    <section aria-labelledby="words-title">
      <h3 id="words-title">Words</h3>
      <div class="columns">
        {GROUPS.map(({ title, terms }) => (
          <section key={title} aria-label={title}>
            <h4>{title}</h4>
            <dl>
              {Object.entries(terms).map(([id, { word, help }]) => (
                <div key={id} data-word={id}>
                  <dt>{word}</dt>
                  <dd>{help}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </section>
  );
}
