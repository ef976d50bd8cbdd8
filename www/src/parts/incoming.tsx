// Ways in for a file: the button, the whole page as a place to drop it on, and the line that says what is on screen, or on
// its way there.

import { useRef } from "preact/hooks";
import { size } from "../format";
import { hovering, take } from "../incoming";
import { arriving, file } from "../state";

export function OpenButton() {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="open" onClick={() => field.current!.click()} title="Or drop its file anywhere on the page">
        <span>
          Open<span class="roomy"> a checkpoint</span>…
        </span>
      </button>
      <input
        ref={field}
        type="file"
        hidden
        aria-label="Checkpoint file"
        onChange={(e) => {
          void take(e.currentTarget.files ?? []);
          e.currentTarget.value = ""; // the same file may be chosen again
        }}
      />
    </>
  );
}

export function DropPlace() {
  if (!hovering.value) return null;
  return (
    <div class="drop" aria-hidden="true">
      <p>Drop a checkpoint or a kept run to open it</p>
    </div>
  );
}

export function Tagline() {
  const coming = arriving.value;
  if (coming)
    return (
      <label class="coming">
        {coming.stage === "reading" ? "Reading" : "Opening"} <b>{coming.name}</b> ({size(coming.size)})
        <progress />
      </label>
    );
  const now = file.value;
  if (!now) return <>A tiny transformer learns to sort, in this tab. Watch where it attends while it does.</>;
  return (
    <>
      Opened from a file: <a href="#file">{now.origin.name}</a>
    </>
  );
}
