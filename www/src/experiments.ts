// The notebook's experiments: what each does, what the notebook says of it (in our words), and what numbers say of this model.

import type { AblationReport, Rate } from "tinylens";
import { interval } from "./format";
import type { AblationName, TaskConfig } from "./sorter";

export type Experiment = {
  id: AblationName;
  name: string;
  /** What is done to the prompt. */
  does: string;
  /** What a site is: a place in the list, or how many numbers stay. */
  site?: "place" | "count";
  /** A token is put somewhere. */
  value?: true;
  /** Makes no sense without it. */
  bos?: true;
  notebook: string;
  /** `clean`: the baseline, if it was measured too. */
  here: (report: AblationReport, clean: AblationReport | null, spell: (token: number) => string) => string;
};

export const EXPERIMENTS: readonly Experiment[] = [
  {
    id: "baseline",
    name: "Baseline",
    does: "nothing changed",
    notebook: "The list as the model was trained on it: what all the rest is compared with.",
    here: ({ exact, tokenAccuracy }) => `${interval(exact)} of lists come out sorted, and ${interval(tokenAccuracy)} of their numbers stand where they belong.`,
  },
  {
    id: "mid_injection",
    name: "MID injection",
    does: "MID in place of a number",
    site: "place",
    value: true,
    notebook: "With MID in place of list[3], the notebook finds the other numbers sorted, and the largest written once more to fill the gap.",
    here: repeats,
  },
  {
    id: "mid_replacement",
    name: "MID replaced",
    does: "a number in place of MID",
    value: true,
    notebook: "The notebook removes MID by writing 27 over it, sees the same answer, and concludes that the model can do without.",
    here: unchanged,
  },
  {
    id: "mid_deletion",
    name: "MID deleted",
    does: "MID taken out, one token shorter",
    notebook: "What the notebook calls a removal keeps the length. This is the real one: every position after MID moves up by one.",
    here: unchanged,
  },
  {
    id: "shorter",
    name: "Shorter list",
    does: "only the first numbers stay",
    site: "count",
    notebook: "The notebook gives [6, 2, 59], asks for seven tokens, and leaves open whether shorter lists are sorted.",
    here: ({ exact, sortedRestThenLargest, specialEmitted }) =>
      `The numbers that stay are sorted in ${interval(exact)} of lists; after them comes nothing but the largest in ${interval(sortedRestThenLargest)}, and BOS, MID or an undue EOS in ${interval(specialEmitted)}. Shorter lists are ${by(exact, "sorted", "sometimes sorted", "not sorted")} by this model.`,
  },
  {
    id: "bos_injection",
    name: "BOS injection",
    does: "BOS in place of a number",
    site: "place",
    value: true,
    bos: true,
    notebook: "BOS in place of the last number does what MID does, says the notebook: the others are sorted, the largest is written once more.",
    here: repeats,
  },
  {
    id: "bos_replacement",
    name: "BOS replaced",
    does: "a number in place of BOS",
    value: true,
    bos: true,
    notebook: "The notebook writes 12 over BOS and sees the same answer: BOS carries nothing that sorting needs.",
    here: unchanged,
  },
  {
    id: "bos_deletion",
    name: "BOS deleted",
    does: "BOS taken out, one token shorter",
    bos: true,
    notebook: "The real removal, which the notebook does not try: every token moves up by one position.",
    here: unchanged,
  },
  {
    id: "bos_only",
    name: "BOS only",
    does: "the prompt is BOS alone",
    bos: true,
    notebook: "Given nothing but BOS, the notebook’s model repeats one number until it is stopped.",
    here: (report, _, spell) => {
      const answer = report.failed[0]?.answer ?? [];
      const kinds = new Set(answer).size;
      return `There is one such prompt. This model answers ${runs(answer, spell)}: ${kinds === 1 ? "one number and nothing else, as the notebook says" : `${kinds} different tokens, so the claim fails for this model`}.`;
    },
  },
];

/** Why an experiment can't be done with this task; null: it can. */
export function impossible({ id, bos }: Experiment, task: TaskConfig): string | null {
  if (bos && task.bos_token === null) return "This task has no BOS (task.bos_token is none).";
  if (id.startsWith("mid") && task.mid_token === null) return "This task has no MID (task.mid_token is none).";
  if (id === "shorter" && task.list_length < 2) return "Lists of one number can’t be shorter.";
  return null;
}

/** The notebook's site and value, as near as the task has them; the crate's are the same. */
export function usual({ id }: Experiment, task: TaskConfig): { site: number | null; value: number | null } {
  const near = (number: number) => Math.max(task.min_value, Math.min(task.max_value - 1, number));
  switch (id) {
    case "mid_injection":
      return { site: Math.min(3, task.list_length - 1), value: task.mid_token };
    case "bos_injection":
      return { site: task.list_length - 1, value: task.bos_token };
    case "mid_replacement":
      return { site: null, value: near(27) };
    case "bos_replacement":
      return { site: null, value: near(12) };
    case "shorter":
      return { site: Math.max(1, task.list_length - 2), value: null };
    default:
      return { site: null, value: null };
  }
}

export function sites({ site }: Experiment, task: TaskConfig): number[] {
  if (site === "place") return Array.from({ length: task.list_length }, (_, place) => place);
  return site === "count" ? Array.from({ length: task.list_length - 1 }, (_, i) => i + 1) : [];
}

/** The numbers (not all, where there are many), then BOS, MID and EOS. */
export function sweepValues(task: TaskConfig): number[] {
  const step = Math.ceil((task.max_value - task.min_value) / MOST_VALUES);
  const values = [];
  for (let value = task.min_value; value < task.max_value; value += step) values.push(value);
  return [...values, task.bos_token, task.mid_token, task.eos_token].filter((token) => token !== null);
}

const MOST_VALUES = 64;

export const MEASURES = [
  { id: "exact", name: "rest sorted", help: "The answer begins with the numbers that are left, sorted." },
  { id: "sortedRestThenLargest", name: "rest, then largest", help: "The numbers that are left, sorted, and after them nothing but their largest, at least once." },
  { id: "lastIsLargest", name: "last = largest", help: "The last number written is the largest of those that are left." },
  { id: "specialEmitted", name: "special emitted", help: "BOS or MID was written, or EOS where none is due." },
  { id: "tokenAccuracy", name: "tokens", help: "Of the numbers that are left, the share that stands where it belongs." },
] as const;
export type Measure = (typeof MEASURES)[number]["id"];

/** What a token of an answer was: the columns of `AblationReport.confusion`. */
export const KINDS = ["right", "an earlier one", "a later one", "largest again", "not in the list", "MID", "BOS", "EOS"] as const;

/** As a claim is judged: by where the whole interval lies. */
function by<T>({ low, high }: Rate, holds: T, mixed: T, fails: T): T {
  return low >= 0.9 ? holds : high <= 0.5 ? fails : mixed;
}

const verdict = (rate: Rate): string => by(rate, "the claim holds for this model", "the claim is true of some lists and not of others", "the claim fails for this model");

function repeats({ sortedRestThenLargest, exact, lastIsLargest }: AblationReport): string {
  return `The rest is sorted and the largest written again in ${interval(sortedRestThenLargest)} of lists: ${verdict(sortedRestThenLargest)}. The rest is sorted in ${interval(exact)}, whatever follows; the last token is the largest in ${interval(lastIsLargest)}.`;
}

function unchanged({ exact, tokenAccuracy }: AblationReport, clean: AblationReport | null): string {
  const before = clean ? ` (${interval(clean.exact)} with nothing changed)` : "";
  return `${interval(exact)} of lists are still sorted${before}, and ${interval(tokenAccuracy)} of their numbers stand where they belong: that it makes no difference ${by(exact, "holds for this model", "is true of some lists and not of others", "fails for this model")}.`;
}

/** 45 45 45 7 → "45 (3 times), 7". */
export function runs(tokens: readonly number[], spell: (token: number) => string): string {
  const parts: { token: number; times: number }[] = [];
  for (const token of tokens) {
    const last = parts.at(-1);
    if (last?.token === token) last.times++;
    else parts.push({ token, times: 1 });
  }
  return parts.map(({ token, times }) => (times > 1 ? `${spell(token)} (${times} times)` : spell(token))).join(", ");
}

/** What a token is called: BOS, MID, EOS, or its number. */
export function tokenName(task: TaskConfig, token: number): string {
  return token === task.bos_token ? "BOS" : token === task.mid_token ? "MID" : token === task.eos_token ? "EOS" : String(token);
}
