// The chip that says what the run computes on, and, when opened, why, and lets one choose.

import type { DeviceKind } from "tinylens";
import { useDevice } from "../session/handover";
import { doc } from "../document";
import { megabytes } from "../format";
import { coming } from "../program";
import { device, deviceBusy, deviceError, fetching, workers } from "../state";
import { Term } from "./term";

const NAMES = { cpu: "CPU", webgpu: "WebGPU" };
const CHOICES: { kind: DeviceKind; name: string; help: string }[] = [
  { kind: "auto", name: "Auto", help: "WebGPU where it is real hardware, agrees with the CPU and trains this model faster" },
  { kind: "cpu", name: "CPU", help: "works everywhere" },
  { kind: "webgpu", name: "WebGPU", help: "the graphics card, if the browser offers it" },
];

/** What computes the steps, for people. Where the device itself does not, its description says why. */
const PATHS: Record<string, string> = {
  tables: "Steps are computed by hand, through tables of tokens and positions.",
  rows: "Steps are computed by hand, layer by layer.",
  kernels: "Steps are computed by hand, in two GPU kernels.",
};

export function DeviceChip() {
  const now = device.value;
  // While WebGPU is still being built, a run that is to move there goes on where it is.
  const waits = deviceBusy.value && coming.value;
  const busy = deviceBusy.value && !waits;
  const shared = !busy && now?.kind === "cpu" && workers.value > 1;
  const about = shared ? `${now.description} ${workers.value} workers share each step; the numbers are the same with any number of them.` : now?.description;
  const name = busy ? "moving…" : now ? NAMES[now.kind] : "…";
  return (
    <>
      <button class="chip device" type="button" popovertarget="devices" disabled={!now} title={about} aria-label={`Device: ${name}${coming.value ? "; WebGPU is coming" : ""}`} aria-busy={busy}>
        <span class={`lamp ${now?.kind ?? ""} ${busy ? "busy" : ""}`} />
        {name}
        {shared && <small data-figure="workers">{` × ${workers.value}`}</small>}
        {coming.value && <small> · WebGPU is coming</small>}
      </button>
      <div id="devices" class="devices" popover="auto">
        <p class="why" aria-live="polite">
          {busy ? "Moving the run, with its weights and its optimiser's state, to another device…" : about}
          {!busy && now?.path && ` ${PATHS[now.path] ?? ""}`}
          {coming.value && ` WebGPU is still being built; ${waits ? "the run moves there" : "the page takes it"} when it is done.`}
        </p>
        {fetching.value && (
          <label class="why">
            Downloading what WebGPU takes: {megabytes(fetching.value.received)} of {megabytes(fetching.value.total)} MB
            <progress value={fetching.value.received} max={fetching.value.total} />
          </label>
        )}
        <fieldset disabled={busy && !fetching.value}>
          <legend>
            Compute on a <Term id="device">device</Term>
          </legend>
          {CHOICES.map(({ kind, name, help }) => (
            <label key={kind}>
              <input type="radio" name="device" value={kind} checked={doc.value.device === kind} onChange={() => useDevice(kind)} />
              <span>
                {name} <small>{help}</small>
              </span>
            </label>
          ))}
        </fieldset>
        {deviceError.value && (
          <p class="error" role="alert">
            {deviceError.value}
          </p>
        )}
      </div>
    </>
  );
}
