// The list of numbers that the page shows the model: read from text, and made up where the task asks for another one. It
// does not know tokens: the crate turns numbers into a sequence.

import type { TaskConfig } from "./sorter";

/** The notebook's example. */
export const EXAMPLE: readonly number[] = [6, 2, 59, 50, 20];

/** Reads "6, 2 59" as numbers, or says what is wrong with it and what would do. */
export function readNumbers(text: string, task: TaskConfig): { numbers: number[] } | { error: string } {
  const wanted = `write 1 to ${task.list_length} whole numbers from ${task.min_value} to ${task.max_value - 1}`;
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) return { error: `The list is empty: ${wanted}.` };
  if (words.length > task.list_length) return { error: `The list holds ${words.length} numbers: ${wanted}.` };
  const numbers: number[] = [];
  for (const word of words) {
    const number = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
    if (!(number >= task.min_value && number < task.max_value)) return { error: `“${word.slice(0, 12)}” does not fit: ${wanted}.` };
    numbers.push(number);
  }
  return { numbers };
}

/** `numbers` where the task allows them, else a full list that it does allow. */
export function fitNumbers(numbers: readonly number[], task: TaskConfig): number[] {
  const allowed = (n: number) => Number.isInteger(n) && n >= task.min_value && n < task.max_value;
  if (numbers.length > 0 && numbers.length <= task.list_length && numbers.every(allowed)) return [...numbers];

  const span = task.max_value - task.min_value;
  const list: number[] = [];
  for (let i = 0; i < task.list_length; i++) {
    const wish = EXAMPLE[i] ?? 37 * i + 11; // 37: an odd stride, so that the made-up numbers look shuffled
    let number = task.min_value + (wish % span);
    for (let tries = 0; list.includes(number) && tries < span; tries++) number = task.min_value + ((number + 1 - task.min_value) % span);
    list.push(number);
  }
  return list;
}

/** Positions of a prompt: the numbers, with BOS and MID where the task has them. */
export const promptLength = (task: TaskConfig, numbers: number): number => Number(task.bos_token !== null) + numbers + Number(task.mid_token !== null);
