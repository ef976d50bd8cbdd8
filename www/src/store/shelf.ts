// Where kept runs and sessions lie: in IndexedDB, or, where the browser allows none, in memory for as long as the page is open. What
// a list shows (`Head`) lies apart from the rest, and an opened file apart from both: it is large, and written once.

import type { Kept, Parts, RunRecord } from "./kept";

/** `session`: what a tab was doing, kept without being asked. Sessions are one a tab, by the tab's id; runs are kept by name. */
export type Head = Pick<RunRecord, "name" | "saved" | "step" | "fingerprint" | "parameters" | "loss" | "evaluated" | "asked"> & {
  id: string;
  kind: "session" | "run";
  /** Of the opened file; null: none. */
  file: { id: string; name: string } | null;
};

/** As it was written: `kept` (kept.ts) judges it, for an earlier or a later version may have written it. */
export type Content = { record: unknown; parts: Parts };

export interface Shelf {
  heads(): Promise<Head[]>;
  /** Null: it is not there any more. */
  read(id: string): Promise<Content | null>;
  /** In the place of what has this id. */
  write(head: Head, kept: Kept): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

/** What a file's bytes are called on the shelf: there they lie once, whatever came from them. */
export const fileIds = new WeakMap<Blob, string>();

export function headOf(id: string, kind: Head["kind"], { record, parts }: Kept): Head {
  const { name, saved, step, fingerprint, parameters, loss, evaluated, asked, file } = record;
  if (parts.file && !fileIds.has(parts.file)) fileIds.set(parts.file, newId());
  return { id, kind, name, saved, step, fingerprint, parameters, loss, evaluated, asked, file: file && parts.file && { id: fileIds.get(parts.file)!, name: file.name } };
}

export class MemoryShelf implements Shelf {
  private readonly all = new Map<string, { head: Head; kept: Kept }>();

  async heads(): Promise<Head[]> {
    return [...this.all.values()].map(({ head }) => head);
  }

  async read(id: string): Promise<Content | null> {
    return this.all.get(id)?.kept ?? null;
  }

  async write(head: Head, kept: Kept): Promise<void> {
    this.all.set(head.id, { head, kept });
  }

  async rename(id: string, name: string): Promise<void> {
    const entry = this.all.get(id);
    if (entry) this.all.set(id, { head: { ...entry.head, name }, kept: { ...entry.kept, record: { ...entry.kept.record, name } } });
  }

  async remove(id: string): Promise<void> {
    this.all.delete(id);
  }
}
