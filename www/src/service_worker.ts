// The page without a network: a service worker that keeps the files of one build, and answers with them. It asks the network for
// what it keeps only once, while it is installed; so the page is always one build, never a mixture of two.
//
// A newer build brings another service worker, which gets its files and then waits: the page offers it (offline.ts), and it takes
// over when it is told to, or when the last tab of the old build is gone.

/** Put here by build.mjs: the files, "" being the page, with what a browser checks them by; and a name for all of that and for this script. */
declare const FILES: Record<string, string>, VERSION: string;

// The project is checked with the window's library, which does not know a service worker's scope: this is what is used of it.
type Extendable = Event & { waitUntil(promise: Promise<unknown>): void };
type Fetching = Extendable & { request: Request; respondWith(response: Promise<Response>): void };
const scope = self as unknown as {
  registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<unknown[]> };
  addEventListener(type: "install" | "activate" | "message", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
};

const HOME = scope.registration.scope;
/** Other pages of this origin have caches too, and some may be Tinylens in another folder. */
const OURS = `tinylens ${HOME} `;
const CACHE = OURS + VERSION;

/** What has such a name is the same in every build; index.html and bench.html are not. */
const HASHED = /-\w{8}\.\w+$/;

scope.addEventListener("install", (event) => event.waitUntil(fill()));
scope.addEventListener("activate", (event) => event.waitUntil(Promise.all([scope.clients.claim(), clean()])));
// The page says only one thing: take over.
scope.addEventListener("message", (event) => event.waitUntil(scope.skipWaiting()));
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
  return (await own.match(url)) ?? (name ? await caches.match(url) : undefined) ?? fetch(request);
}

async function fill(): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    await Promise.all(
      Object.entries(FILES).map(async ([name, integrity]) => {
        // What the build before had as well need not be fetched again.
        const response = (HASHED.test(name) && (await caches.match(HOME + name))) || (await get(name, integrity));
        await cache.put(HOME + name, response);
      }),
    );
  } catch (error) {
    await caches.delete(CACHE);
    throw error; // not installed; the browser tries again at the next visit
  }
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
