// The page without a network: a service worker that keeps the files of one build, and answers with them. It asks the network for
// what it keeps only once, while it is installed; so the page is always one build, never a mixture of two. The program with WebGPU, which
// few visits take, is kept when it is first asked for, or when the page says that it may be.
//
// A newer build brings another service worker, which gets its files and then waits: the page offers it (offline.ts), and it takes
// over when it is told to, or when the last tab of the old build is gone.

/** What the page says: that a newer build shall take over; that there is time to fetch what is kept later. */
export type ToServiceWorker = "take over" | "keep the rest";

/** Put here by build.mjs: the files, "" being the page, with what a browser checks them by; those that are not fetched at once; and a name for
 * all of that and for this script. */
declare const FILES: Record<string, string>, LATER: Record<string, string>, VERSION: string;

// The project is checked with the window's library, which does not know a service worker's scope: this is what is used of it.
type Extendable = Event & { waitUntil(promise: Promise<unknown>): void };
type Fetching = Extendable & { request: Request; respondWith(response: Promise<Response>): void };
const scope = self as unknown as {
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<unknown[]> };
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "message", listener: (event: Extendable & { data: ToServiceWorker }) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
};

const HOME = scope.registration.scope;
/** Other pages of this origin have caches too, and some may be Tinylens in another folder. */
const OURS = `tinylens ${HOME} `;
const CACHE = OURS + VERSION;

/** What has such a name is the same in every build; index.html and bench.html are not. */
const HASHED = /-\w{8}\.\w+$/;

scope.addEventListener("install", (event) => event.waitUntil(fill(FILES)));
scope.addEventListener("activate", (event) => event.waitUntil(Promise.all([scope.clients.claim(), clean()])));
scope.addEventListener("message", (event) => event.waitUntil(event.data === "take over" ? scope.skipWaiting() : keep(LATER)));
scope.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || !url.startsWith(HOME)) return;
  const name = url.slice(HOME.length).replace(/[?#].*/s, "");
  if (name.includes("/")) return; // in a folder below: another page's
  event.respondWith(answer(name === "index.html" ? "" : name, event.request));
});

async function answer(name: string, request: Request): Promise<Response> {
  const url = HOME + name;
  const own = await caches.open(CACHE);
  // A tab of an earlier build may still ask for a file of its own. Names are hashed: it can't be mistaken for one of ours.
  const kept = (await own.match(url)) ?? (name ? await caches.match(url) : undefined);
  if (kept || !(name in LATER)) return kept ?? fetch(request);
  const response = await fetch(request);
  // Without waiting for it: whoever asked wants to see how far it is.
  if (response.ok) void own.put(url, response.clone()).catch(() => {}); // there may be no room
  return response;
}

/** Puts files into this build's cache that are not there. */
async function keep(files: Record<string, string>): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(files).map(async ([name, integrity]) => {
      if (await cache.match(HOME + name)) return;
      // What the build before had as well need not be fetched again.
      const response = (HASHED.test(name) && (await caches.match(HOME + name))) || (await get(name, integrity));
      await cache.put(HOME + name, response);
    }),
  );
}

async function fill(files: Record<string, string>): Promise<void> {
  try {
    await keep(files);
    // What was kept of the last build is kept of this one.
    const before = await Promise.all(Object.keys(LATER).map((name) => beforeHad(name)));
    if (before.some(Boolean)) await keep(LATER);
  } catch (error) {
    await caches.delete(CACHE);
    throw error; // not installed; the browser tries again at the next visit
  }
}

/** Whether an earlier build's cache has a file that goes by this name but for its hash. */
async function beforeHad(name: string): Promise<boolean> {
  const plain = (name: string) => name.replace(/-\w{8}(?=\.\w+$)/, "");
  for (const other of await caches.keys()) {
    if (!other.startsWith(OURS)) continue;
    const requests = await (await caches.open(other)).keys();
    if (requests.some(({ url }) => plain(url) === plain(HOME + name))) return true;
  }
  return false;
}

/** The file, if the host's is this build's: hosts change one file after the other. */
async function get(name: string, integrity: string): Promise<Response> {
  const fetched = (name: string) => fetch(HOME + name, { integrity, cache: "no-cache" });
  // Some hosts do not answer a folder's address with its index.html.
  const response = name ? await fetched(name) : await fetched("").catch(() => fetched("index.html"));
  if (!response.ok) throw new Error(`the host answers ${response.status} for ${response.url}`);
  // Copied, for two things that would be in the way: that it was redirected, and on what its host lets it vary.
  const headers = new Headers(response.headers);
  headers.delete("Vary");
  return new Response(response.body, { headers });
}

/** The caches of earlier builds, unless another tab may still be one of those. */
async function clean(): Promise<void> {
  const windows = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (windows.length > 1) return;
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
}
