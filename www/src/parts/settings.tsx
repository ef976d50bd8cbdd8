// Every setting of a run, generated from the module's own table. What is edited here touches the running model only when a
// new run is started with it.

import { useId } from "preact/hooks";
import type { Setting } from "tinylens";
import { changed, draft, edit, edits, errors, forget, forgetAll, startDraft } from "../draft";
import { count, plain } from "../format";
import { checked, opening, parameters, settings } from "../state";

const GROUPS: { group: Setting["group"]; title: string }[] = [
  { group: "task", title: "Task" },
  { group: "model", title: "Model" },
  { group: "train", title: "Training" },
];

export function Settings() {
  const wrong = Object.keys(errors.value).length;
  const known = settings.value.length > 0;
  return (
    <details class="settings">
      <summary>
        Settings <span class="small">{known && `${count(parameters.value)} parameters`}</span>
      </summary>
      {GROUPS.map(({ group, title }) => (
        <fieldset key={group} class="group">
          <legend>{title}</legend>
          <div class="controls">
            {settings.value
              .filter((setting) => setting.group === group)
              .map((setting) => (
                <Control key={setting.path} setting={setting} />
              ))}
          </div>
        </fieldset>
      ))}
      <div class="apply">
        <button type="button" class="primary" disabled={!changed.value || wrong > 0 || opening.value} onClick={startDraft}>
          Start a new run with these settings
        </button>
        <button type="button" disabled={Object.keys(edits.value).length === 0} onClick={forgetAll}>
          Back to defaults
        </button>
        <p class="small" role="status">
          {wrong > 0
            ? `${wrong === 1 ? "One setting is" : `${wrong} settings are`} refused; the running model is untouched.`
            : `${count(checked.value?.parameters ?? parameters.value)} parameters${changed.value ? "" : ", as it runs now"}`}
        </p>
      </div>
    </details>
  );
}

const spelled = (value: Setting["default"]): string => (value === null ? "none" : typeof value === "number" ? plain(value) : typeof value === "boolean" ? (value ? "on" : "off") : value);

/** What the draft comes to for a setting, derived ones included. */
function drafted({ group, path, default: preset }: Setting): Setting["default"] {
  const values = draft.value?.[group] as Record<string, Setting["default"]> | undefined;
  return values?.[path.slice(group.length + 1)] ?? preset;
}

function Control({ setting }: { setting: Setting }) {
  const id = useId();
  const { path, label, kind, help, min, max, derived, optional, default: preset } = setting;
  const error = errors.value[path];
  const raw = edits.value[path];
  const field = { id, "aria-invalid": error !== undefined, "aria-describedby": `${id}-help${error ? ` ${id}-error` : ""}`, "data-path": path };
  const number = kind === "integer" || kind === "real";
  return (
    <div class={`control ${raw === undefined ? "" : "edited"}`}>
      <label for={id}>{label}</label>
      {kind === "boolean" ? (
        <input {...field} type="checkbox" role="switch" checked={(raw ?? preset) === true} onChange={(e) => edit(path, e.currentTarget.checked)} />
      ) : kind === "choice" ? (
        <select {...field} value={spelled(raw === undefined ? preset : raw)} onChange={(e) => edit(path, setting.choices.find((choice) => spelled(choice) === e.currentTarget.value) ?? null)}>
          {setting.choices.map((choice) => (
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
            disabled={raw === null}
            value={raw === undefined ? (derived ? "" : preset === null ? "" : spelled(preset)) : String(raw ?? "")}
            placeholder={raw === null ? "none" : derived ? spelled(drafted(setting)) : ""}
            onInput={(e) => edit(path, e.currentTarget.value)}
            onBlur={() => raw === "" && forget(path)}
          />
          {optional && (
            <label class="check">
              <input type="checkbox" checked={raw === null || (raw === undefined && preset === null)} onChange={(e) => (e.currentTarget.checked ? edit(path, null) : forget(path))} /> none
            </label>
          )}
        </span>
      )}
      {error && (
        <p id={`${id}-error`} class="error" role="alert">
          {error}
        </p>
      )}
      <p id={`${id}-help`} class="small">
        {help}{" "}
        <span class="range">
          {number && min !== null && max !== null && <span>{`${plain(min)} to ${plain(max)};`}</span>}{" "}
          {derived ? `left empty: ${derived}` : <span>{`default ${spelled(preset)}`}</span>}
        </span>
      </p>
    </div>
  );
}
