// Every setting of a run, generated from the module's own table. What is edited here touches the running model only when a
// new run is started with it.

import type { Setting } from "tinylens";
import { changed, draft, edit, edits, errors, forget, forgetAll, startDraft } from "../draft";
import { count, plain } from "../format";
import { checked, file, opening, parameters, settings } from "../state";
import { Control, spelled } from "./control";

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
              // How far a run was trained is for links; here the transport says it.
              .filter((setting) => setting.group === group && setting.path !== "train.steps")
              .map((setting) => (
                <Drafted key={setting.path} setting={setting} />
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
            : `${count(checked.value?.parameters ?? parameters.value)} parameters${changed.value ? "" : ", as it runs now"}${file.value ? `; a new run closes ${file.value.origin.name}` : ""}`}
        </p>
      </div>
    </details>
  );
}

/** What the draft comes to for a setting, derived ones included. */
function drafted({ group, path, default: preset }: Setting): Setting["default"] {
  const values = (draft.value as Record<string, unknown> | null)?.[group] as Record<string, Setting["default"]> | undefined;
  return values?.[path.slice(group.length + 1)] ?? preset;
}

function Drafted({ setting }: { setting: Setting }) {
  const { path, kind, min, max, derived, default: preset } = setting;
  const raw = edits.value[path];
  const number = kind === "integer" || kind === "real";
  return (
    <Control
      setting={setting}
      raw={raw}
      untouched={preset}
      {...(derived ? { text: "", placeholder: spelled(drafted(setting)) } : {})}
      error={errors.value[path]}
      mark={{ "data-path": path }}
      onType={(text) => edit(path, text)}
      onChange={(value) => edit(path, value)}
      onLeave={() => raw === "" && forget(path)}
      onForget={() => forget(path)}
    >
      <span class="range">
        {number && min !== null && max !== null && <span>{`${plain(min)} to ${plain(max)};`}</span>} {derived ? `left empty: ${derived}` : <span>{`default ${spelled(preset)}`}</span>}
      </span>
    </Control>
  );
}
