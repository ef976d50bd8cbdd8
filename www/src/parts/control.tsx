// One setting as a control of its kind, with its error and a line of help. It keeps nothing: what it shows and what editing it
// does are the caller's.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Setting } from "tinylens";
import type { Edits, Value } from "../edits";
import { plain } from "../format";

export const spelled = (value: Value): string => (value === null ? "none" : typeof value === "number" ? plain(value) : typeof value === "boolean" ? (value ? "on" : "off") : value);

/** A long name may go on in the next line after an underscore. */
const breakable = (name: string) => name.split(/(?<=_)/).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]));

export type ControlProps = {
  setting: Setting;
  /** As edited; undefined: untouched. */
  raw: Edits[string] | undefined;
  /** What it has while it is untouched. */
  untouched: Value;
  /** What a number's field says while it is untouched; as `untouched`, if left out. */
  text?: string;
  placeholder?: string;
  error: string | undefined;
  /** The help is for screen readers only: it is shown elsewhere. */
  brief?: boolean;
  /** After the help. */
  children?: ComponentChildren;
  /** Attributes by which the field is found. */
  mark: Record<`data-${string}`, string>;
  onType: (text: string) => void;
  onChange: (value: string | boolean | null) => void;
  onLeave: () => void;
  /** Untouched again. */
  onForget: () => void;
};

export function Control({ setting, raw, untouched, text, placeholder = "", error, brief = false, children, mark, onType, onChange, onLeave, onForget }: ControlProps) {
  const id = useId();
  const { label, kind, help, min, optional, choices } = setting;
  const field = { id, "aria-invalid": error !== undefined, "aria-describedby": `${id}-help${error ? ` ${id}-error` : ""}`, ...mark };
  const value = raw === undefined ? untouched : raw;
  const typed = raw === undefined ? (text ?? (untouched === null ? "" : spelled(untouched))) : String(raw ?? "");
  return (
    <div class={`control ${raw === undefined ? "" : "edited"}`}>
      <label for={id}>{breakable(label)}</label>
      {kind === "boolean" ? (
        <input {...field} type="checkbox" role="switch" checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
      ) : kind === "choice" ? (
        <select {...field} value={spelled(value)} onChange={(e) => onChange(choices.find((choice) => spelled(choice) === e.currentTarget.value) ?? null)}>
          {choices.map((choice) => (
            <option key={spelled(choice)} value={spelled(choice)}>
              {spelled(choice)}
            </option>
          ))}
        </select>
      ) : (
        <span class="number">
          <input
            {...field}
            type="text"
            inputMode={kind === "integer" && (min ?? 0) >= 0 ? "numeric" : "text"}
            autocomplete="off"
            disabled={value === null && optional}
            value={typed}
            placeholder={value === null && optional ? "none" : placeholder}
            onInput={(e) => onType(e.currentTarget.value)}
            onBlur={onLeave}
          />
          {optional && (
            <label class="check">
              <input type="checkbox" checked={value === null} onChange={(e) => (e.currentTarget.checked ? onChange(null) : untouched === null ? onType("") : onForget())} /> none
            </label>
          )}
        </span>
      )}
      {error && (
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
      )}
      <p id={`${id}-help`} class={brief ? "unseen" : "small"}>
        {help} {children}
      </p>
    </div>
  );
}
