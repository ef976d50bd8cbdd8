// A field for one number: what is typed stays as typed until it is a number that fits, and only that is passed on.

import { useId, useState } from "preact/hooks";

type FieldProps = {
  name: string;
  value: number | null;
  least: number;
  most: number;
  whole?: boolean;
  /** What an empty field means; without it, there must be a number. */
  none?: string;
  onChange: (value: number | null) => void;
};

export function Field({ name, value, least, most, whole = true, none, onChange }: FieldProps) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const read = (text: string): number | null | undefined => {
    if (text.trim() === "") return none === undefined ? undefined : null;
    const number = Number(text);
    return number >= least && number <= most && (!whole || Number.isInteger(number)) ? number : undefined;
  };
  const wrong = typed !== null && read(typed) === undefined;
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="text"
        inputMode={whole ? "numeric" : "decimal"}
        autocomplete="off"
        size={6}
        value={typed ?? (value === null ? "" : String(value))}
        placeholder={none ?? ""}
        onInput={(e) => {
          setTyped(e.currentTarget.value);
          const number = read(e.currentTarget.value);
          if (number !== undefined) onChange(number);
        }}
        onBlur={() => setTyped(null)}
        aria-invalid={wrong}
        aria-describedby={wrong ? `${id}-error` : undefined}
      />
      {wrong && (
        <p id={`${id}-error`} class="error" role="alert">
          {`A ${whole ? "whole " : ""}number from ${least} to ${most}${none === undefined ? "" : `, or empty: ${none}`}.`}
        </p>
      )}
    </div>
  );
}
