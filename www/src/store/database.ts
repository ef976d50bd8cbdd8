// The shelf in IndexedDB. Every error that leaves here is one sentence on what the browser did not do.

import type { Kept, Parts, RunRecord } from "./kept";
import { fileIds, type Content, type Head, type Shelf } from "./shelf";

/** One for each folder that the page is served from: what another copy of it keeps, maybe an older one, is its own. */
const NAME = `tinylens ${new URL(".", location.href).pathname}`;
/** One more with every change of the stores or of what lies in them; `upgrade` brings older ones along. */
const VERSION = 1;
/** Milliseconds after which a browser that says nothing is taken to say no. */
const PATIENCE = 5000;

type Stores = Record<"heads" | "bodies" | "files", IDBObjectStore>;
type Body = { id: string; record: RunRecord; state: Parts["state"]; pattern: Parts["pattern"] };

function upgrade(database: IDBDatabase, from: number): void {
  if (from < 1) {
    database.createObjectStore("heads", { keyPath: "id" });
    database.createObjectStore("bodies", { keyPath: "id" });
    database.createObjectStore("files");
  }
}

export class Database implements Shelf {
  /** Null: closed, and to be opened when it is next asked for something. */
  private opened: Promise<IDBDatabase> | null = null;
  /** The files of what was written here: there for as long as something comes from them. */
  private readonly fileOf = new Map<string, string | null>();

  async heads(): Promise<Head[]> {
    return this.transact("readonly", ({ heads }) => heads.getAll());
  }

  async read(id: string): Promise<Content | null> {
    let file: Blob | null = null;
    const body = await this.transact("readonly", ({ heads, bodies, files }) => {
      const head: IDBRequest<Head | undefined> = heads.get(id);
      head.onsuccess = () => {
        const name = head.result?.file?.id;
        if (name === undefined) return;
        const request: IDBRequest<Blob | undefined> = files.get(name);
        request.onsuccess = () => {
          file = request.result ?? null;
          if (file) fileIds.set(file, name);
        };
      };
      return bodies.get(id) as IDBRequest<Body | undefined>;
    });
    return body ? { record: body.record, parts: { state: body.state, pattern: body.pattern, file } } : null;
  }

  async write(head: Head, { record, parts: { state, pattern, file } }: Kept): Promise<void> {
    await this.transact("readwrite", ({ heads, bodies, files }) => {
      bodies.put({ id: head.id, record, state, pattern } satisfies Body);
      const last = heads.put(head);
      const id = head.file?.id ?? null;
      if (id !== null && file && this.fileOf.get(head.id) !== id) {
        const there = files.getKey(id);
        there.onsuccess = () => void (there.result === undefined && files.put(file, id));
      } else heads.transaction.commit(); // at once: the page may be gone before it hears of the last request
      return last;
    });
    this.fileOf.set(head.id, head.file?.id ?? null);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.transact("readwrite", ({ heads, bodies }) => {
      const head: IDBRequest<Head | undefined> = heads.get(id);
      head.onsuccess = () => void (head.result && heads.put({ ...head.result, name }));
      const body: IDBRequest<Body | undefined> = bodies.get(id);
      body.onsuccess = () => void (body.result && bodies.put({ ...body.result, record: { ...body.result.record, name } }));
      return body;
    });
  }

  /** Its file stays until `sweep`: others may have come from it. */
  async remove(id: string): Promise<void> {
    await this.transact("readwrite", ({ heads, bodies }) => {
      bodies.delete(id);
      const last = heads.delete(id);
      heads.transaction.commit(); // as in `write`
      return last;
    });
    this.fileOf.delete(id);
  }

  /** Forgets the files that nothing has come from any more. */
  async sweep(): Promise<void> {
    await this.transact("readwrite", ({ heads, files }) => {
      const all: IDBRequest<Head[]> = heads.getAll();
      const keys = files.getAllKeys();
      keys.onsuccess = () => {
        const used = new Set(all.result.map(({ file }) => file?.id));
        for (const key of keys.result) if (!used.has(String(key))) files.delete(key);
      };
      return keys;
    });
  }

  /** One transaction over everything. Resolves once it is on the disk, to what the last request gave. */
  private async transact<T>(mode: IDBTransactionMode, work: (stores: Stores) => IDBRequest<T>): Promise<T> {
    try {
      return await run(await (this.opened ??= this.open()), mode, work).catch(async (error: unknown) => {
        if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
        // Closed: by another tab's newer page, or because somebody cleared what the browser had stored.
        this.fileOf.clear();
        return run(await (this.opened = this.open()), mode, work);
      });
    } catch (error) {
      throw new Error(said(error));
    }
  }

  private open(): Promise<IDBDatabase> {
    const opening = new Promise<IDBDatabase>((done, failed) => {
      const request = indexedDB.open(NAME, VERSION); // may throw, where storage is forbidden
      setTimeout(() => failed(new Error("the browser does not answer")), PATIENCE);
      request.onupgradeneeded = ({ oldVersion }) => upgrade(request.result, oldVersion);
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // Another tab has a newer page: it must not wait for this one.
        database.onversionchange = () => database.close();
        database.onclose = () => (this.opened = null);
        done(database);
      };
    });
    opening.catch(() => (this.opened = null));
    return opening;
  }
}

function run<T>(database: IDBDatabase, mode: IDBTransactionMode, work: (stores: Stores) => IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    const transaction = database.transaction(["heads", "bodies", "files"], mode);
    const store = (name: string) => transaction.objectStore(name);
    transaction.onabort = () => failed(transaction.error);
    try {
      const last = work({ heads: store("heads"), bodies: store("bodies"), files: store("files") });
      transaction.oncomplete = () => done(last.result);
    } catch (error) {
      transaction.abort(); // all of it or nothing
      failed(error);
    }
  });
}

/** A part of a sentence, after a colon. */
function said(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "QuotaExceededError") return "the browser’s storage is full";
  if (name === "VersionError") return "a newer version of this page has changed what is stored";
  if (name === "SecurityError" || typeof indexedDB === "undefined") return "this browser lets the page store nothing";
  return error instanceof Error && error.message ? error.message.replace(/\.$/, "") : "the browser gives no reason";
}
