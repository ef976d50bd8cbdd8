// The notebook's experiments, each as one click, with what came of it there and what this model makes of it now.

import { computed, effect, signal } from "@preact/signals";
import { amend, change, doc, numbers, type PresetChoice } from "../../document";
import { applyPreset, room, task } from "../../edit";
import { judged, near, newTokensFor, PRESETS, says, senseless, slotsFor, type Preset } from "../../presets";
import { label, NAMES, placed, slotsOf, tokenOf, type Slot, type Value } from "../../slots";
import { ask } from "../../session";
import { answers, experiment } from "../../state";
import type { TaskConfig } from "../../sorter";

const choices = computed(() => doc.value.presets);
const open = signal(false);

type Case = { preset: Preset; slots: Slot[] | null; prompt: number[]; newTokens: number; asked: number | null; list: number[]; site: number; value: Value };

function caseOf(preset: Preset, task: TaskConfig, list: number[]): Case {
  const chosen = choices.value[preset.id] ?? {};
  const { site: where } = preset;
  const site = where ? Math.max(where.least, Math.min(where.most(list.length), chosen.site ?? where.usual(list.length))) : 0;
  const value = chosen.value ?? near(preset.value ?? "MID", task);
  const slots = slotsFor(preset, task, list.length, site, value);
  const row = placed(slots ?? slotsOf(task, list.length), task, list);
  const there = "error" in row ? [] : row.filter(({ gone }) => !gone);
  const prompt = there.map(({ token }) => token);
  const asked = newTokensFor(preset, task, prompt.length);
  // The numbers that are to be sorted: those in the list's places.
  const inList = "error" in row ? [] : row.filter(({ gone, slot }) => !gone && typeof (slots ?? slotsOf(task, list.length))[slot]?.source === "number");
  const left = inList.map(({ token }) => token).filter((token) => token >= task.min_value && token < task.max_value);
  const newTokens = Math.min(asked ?? list.length + (task.eos_token === null ? 0 : 1), room(prompt));
  return { preset, slots, prompt, newTokens, asked, list: left, site, value };
}

const cases = (task: TaskConfig): Case[] => PRESETS.map((preset) => caseOf(preset, task, numbers.value));
const possible = ({ preset, prompt, newTokens }: Case, task: TaskConfig) => senseless(preset, task, numbers.value.length) === null && prompt.length > 0 && newTokens > 0;

let toldTo: object | null = null;
let told = "[]";
effect(() => {
  const { value: to } = experiment;
  if (!to) return;
  if (to !== toldTo) told = "[]";
  toldTo = to;
  const questions = open.value ? cases(to.task).flatMap((one, id) => (possible(one, to.task) ? [{ id, prompt: one.prompt, newTokens: one.newTokens }] : [])) : [];
  const text = JSON.stringify(questions);
  if (text !== told) ask(questions);
  told = text;
});

const draw = (least: number, most: number) => least + Math.floor(Math.random() * (most - least + 1));

export function Presets() {
  const { value: now } = task;
  if (!now) return null;
  return (
    <details class="fold presets" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>
        Experiments on this list <span class="small">the notebook’s, each at a click</span>
      </summary>
      {open.value && (
        <ul>
          {cases(now).map((one, i) => (
            <Line key={one.preset.id} one={one} task={now} answer={answers.value[i]} />
          ))}
        </ul>
      )}
    </details>
  );
}

function Line({ one, task, answer }: { one: Case; task: TaskConfig; answer: number[] | undefined }) {
  const { preset, slots, asked, list } = one;
  const length = numbers.value.length;
  const why = senseless(preset, task, length);
  const chosen = (choice: PresetChoice) => ({ presets: { ...choices.value, [preset.id]: { ...choices.value[preset.id], ...choice } } });
  const choose = (choice: PresetChoice) => change(chosen(choice), `Where and what: ${preset.name}`);
  const apply = () => {
    applyPreset(slots, asked, preset.id === "baseline" ? "Nothing changed: the clean prompt" : preset.name);
    const now = choices.value[preset.id];
    // The next click draws again.
    if (now?.randomSite && preset.site) amend(chosen({ site: draw(preset.site.least, preset.site.most(length)) }));
    if (now?.randomValue) amend(chosen({ value: draw(task.min_value, task.max_value - 1) }));
  };
  return (
    <li data-preset={preset.id}>
      <button type="button" onClick={apply} disabled={why !== null}>
        {preset.name}
      </button>
      <p class="small">{why ?? says(preset)}</p>
      {!why && (preset.site || preset.value !== null) && (
        <div class="where">
          {preset.site && <SiteChoice one={one} length={length} choose={choose} />}
          {preset.value !== null && <ValueChoice one={one} task={task} choose={choose} />}
        </div>
      )}
      {!why && (
        <p class="now">
          <span class="unseen">This model, now: </span>
          {answer ? (
            <>
              <b>{answer.map((token) => label(token, task)).join(" ")}</b> <span class="small">{judged(answer, list, task)}</span>
            </>
          ) : (
            <span class="small">…</span>
          )}
        </p>
      )}
    </li>
  );
}

type ChoiceProps = { one: Case; choose: (choice: PresetChoice) => void };

function SiteChoice({ one: { preset, site }, length, choose }: ChoiceProps & { length: number }) {
  const where = preset.site!;
  const most = where.most(length);
  const random = choices.value[preset.id]?.randomSite ?? false;
  return (
    <label>
      <span class="small">{where.what}</span>
      <select value={random ? "random" : String(site)} onChange={({ currentTarget: { value } }) => choose(value === "random" ? { randomSite: true, site: draw(where.least, most) } : { randomSite: false, site: Number(value) })}>
        {Array.from({ length: most - where.least + 1 }, (_, i) => (
          <option key={i} value={String(where.least + i)}>
            {where.least + i}
          </option>
        ))}
        <option value="random">{random ? `random: ${site}` : "random"}</option>
      </select>
    </label>
  );
}

function ValueChoice({ one: { preset, value }, task, choose }: ChoiceProps & { task: TaskConfig }) {
  const random = choices.value[preset.id]?.randomValue ?? false;
  const names = NAMES.filter((name) => tokenOf(name, task) !== null);
  const chosen = ({ currentTarget: { value } }: { currentTarget: HTMLSelectElement }) => {
    if (value === "random") choose({ randomValue: true, value: draw(task.min_value, task.max_value - 1) });
    else choose({ randomValue: false, value: names.find((name) => name === value) ?? Number(value) });
  };
  return (
    <label>
      <span class="small">becomes</span>
      <select value={random ? "random" : String(value)} onChange={chosen}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
        {Array.from({ length: task.max_value - task.min_value }, (_, i) => (
          <option key={i} value={String(task.min_value + i)}>
            {task.min_value + i}
          </option>
        ))}
        <option value="random">{random ? `random: ${value}` : "random"}</option>
      </select>
    </label>
  );
}
