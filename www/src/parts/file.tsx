// The opened file: what it is, what was read, assumed and ignored, and the controls that assume otherwise.

import { signal } from "@preact/signals";
import type { Setting } from "tinylens";
import { change, changes, forget, forgetAll, leave, open, refusal, type, valueIn } from "../assumed";
import { forgetAll as forgetDraft } from "../draft";
import type { Value } from "../edits";
import { count, plain, size } from "../format";
import { startRun } from "../session";
import { experiment, file, opening, parameters, step, type OpenedFile } from "../state";
import { copy } from "../take";
import { Control, spelled } from "./control";
import { Copy } from "./icons";
import { Term } from "./term";

/** Of a fingerprint's 64 digits: enough to tell files apart by eye. */
const DIGITS = 12;

export function FilePanel() {
  const now = file.value;
  if (!now) return null;
  const { origin, facts } = now;
  const close = () => {
    forgetDraft();
    startRun({}, true);
  };
  return (
    <section class="file" id="file" aria-labelledby="file-title" aria-busy={opening.value}>
      <div class="head">
        <h2 id="file-title">File</h2>
        <b class="name">{origin.name}</b>
        <button type="button" onClick={close} title="Back to the default experiment" aria-label={`Close ${origin.name} and go back to the default experiment`}>
          Close
        </button>
      </div>
      <dl>
        <dt>Format</dt>
        <dd>{facts.format}</dd>
        <dt>Size</dt>
        <dd>
          {size(origin.bytes.size)}, {count(parameters.value)} parameters
        </dd>
        <dt>
          <Term id="fingerprint">Fingerprint</Term>
        </dt>
        <dd>
          <Fingerprint full={facts.fingerprint} />
        </dd>
        <dt class="long">Read, assumed, ignored</dt>
        <dd class="long">
          {facts.notes.length === 0 ? (
            "The file says everything; nothing was assumed or ignored."
          ) : (
            <ul>
              {facts.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </dd>
      </dl>
      {step.value > 0 && <p class="small">Trained {count(step.value)} steps further since. Reset goes back to the file’s weights.</p>}
      <Assumptions said={now.said} />
    </section>
  );
}

const copied = signal<string | null>(null);

function Fingerprint({ full }: { full: string }) {
  const take = async () => (copied.value = (await copy(full)) ? full : null);
  return (
    <>
      <button type="button" class="quiet" title={full} onClick={() => void take()}>
        <span class="unseen">Copy the fingerprint </span>
        <code>{full.slice(0, DIGITS)}</code> <Copy />
      </button>{" "}
      <span class="small" role="status">
        {copied.value === full && "copied whole"}
      </span>
    </>
  );
}

/** The setting whose control has the focus. */
const read = signal<Setting | null>(null);

function Assumptions({ said }: { said: OpenedFile["said"] }) {
  const refused = refusal.value;
  const { value: setting } = read;
  return (
    <details class="assumptions">
      <summary>Change what was assumed</summary>
      {/* One line of help for all: the pattern that changes beside the controls shall stay in view. */}
      <p class="help small" aria-hidden="true">
        {setting ? `${setting.help} The file says, or was taken to say: ${short(valueIn(said, setting)) || "none"}.` : "Every change reads the file again, and leaves behind what was trained since."}
      </p>
      <div class="controls" onFocusOut={() => (read.value = null)}>
        {open.value.map((setting) => (
          <Assumed key={setting.path} setting={setting} />
        ))}
      </div>
      {refused && !open.value.some(({ path }) => path === refused.path) && (
        <p class="error" role="alert">
          {refused.message}
        </p>
      )}
      <div class="row">
        <button type="button" disabled={Object.keys(changes.value).length === 0} onClick={forgetAll}>
          Back to what the file says
        </button>
      </div>
    </details>
  );
}

/** Six digits of √32 are enough to read. */
const short = (value: Value): string => (typeof value === "number" ? plain(Number(value.toPrecision(6))) : value === null ? "" : spelled(value));

function Assumed({ setting }: { setting: Setting }) {
  const { path } = setting;
  const now = valueIn(experiment.value, setting);
  return (
    <div class="assumed" onFocusIn={() => (read.value = setting)}>
      <Control
        setting={setting}
        raw={changes.value[path]}
        untouched={now}
        text={short(now)}
        error={refusal.value?.path === path ? refusal.value.message : undefined}
        brief
        mark={{ "data-assumed": path }}
        onType={(text) => type(setting, text)}
        onChange={(value) => change(setting, value)}
        onLeave={() => leave(setting)}
        onForget={() => forget(setting)}
      />
    </div>
  );
}
