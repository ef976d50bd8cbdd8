// Undo and redo of one value that changes as a whole, each change with a few words on what it was.

import { computed, signal, type ReadonlySignal } from "@preact/signals";

/** `key`: see `change`. */
export type Change<T> = { before: T; after: T; what: string; key: string | null };

const MOST = 500;

export class History<T> {
  private readonly changes = signal<{ done: Change<T>[]; undone: Change<T>[] }>({ done: [], undone: [] });
  private readonly present;

  /** What undo and redo would take back and do again; null: nothing. */
  readonly undoable = computed(() => this.changes.value.done.at(-1)?.what ?? null);
  readonly redoable = computed(() => this.changes.value.undone.at(-1)?.what ?? null);

  constructor(first: T) {
    this.present = signal(first);
  }

  get now(): ReadonlySignal<T> {
    return this.present;
  }

  /** Changes in a row with the same `key` are undone together: the digits of one number. */
  change(after: T, what: string, key: string | null = null): void {
    const { done } = this.changes.value;
    const last = done.at(-1);
    const same = key !== null && last?.key === key;
    const before = same ? last.before : this.present.value;
    this.changes.value = { done: [...(same ? done.slice(0, -1) : done), { before, after, what, key }].slice(-MOST), undone: [] };
    this.present.value = after;
  }

  /** Another value in place of the present one, which undo does not know of. */
  amend(value: T): void {
    this.present.value = value;
    const { done, undone } = this.changes.value;
    const last = done.at(-1);
    // Done again, the last change comes to what it has come to now.
    if (last) this.changes.value = { done: [...done.slice(0, -1), { ...last, after: value }], undone };
  }

  /** The next change is one of its own, whatever its key. */
  seal(): void {
    const { done, undone } = this.changes.value;
    const last = done.at(-1);
    if (last?.key) this.changes.value = { done: [...done.slice(0, -1), { ...last, key: null }], undone };
  }

  /** The last change never was. */
  drop(): void {
    const last = this.changes.value.done.at(-1);
    if (!last) return;
    this.changes.value = { done: this.changes.value.done.slice(0, -1), undone: [] };
    this.present.value = last.before;
  }

  undo(): Change<T> | null {
    const { done, undone } = this.changes.value;
    const last = done.at(-1);
    if (!last) return null;
    this.changes.value = { done: done.slice(0, -1), undone: [...undone, last] };
    this.present.value = last.before;
    return last;
  }

  redo(): Change<T> | null {
    const { done, undone } = this.changes.value;
    const last = undone.at(-1);
    if (!last) return null;
    this.changes.value = { done: [...done, last], undone: undone.slice(0, -1) };
    this.present.value = last.after;
    return last;
  }
}
