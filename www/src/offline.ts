// Keeps the page for when there is no network, and notices that a newer build is ready. Whatever the browser forbids of it, the page
// works without it and says nothing.

import { effect, signal } from "@preact/signals";
import { alone, coming } from "./program";
import type { ToServiceWorker } from "./service_worker";
import { loading, sequence } from "./state";
import { workbench } from "./workbench";

/** Puts the newer build in the place of this one, when somebody wants that; null: there is none. */
export const update = signal<(() => void) | null>(null);

/** Begins once there is something to look at, or never will be: files that are fetched again must not hold up the first steps. */
export function keepOffline(): void {
  if (alone || workbench || coming.value) return;
  const stop = effect(() => {
    if (!sequence.value && loading.value) return;
    queueMicrotask(() => stop());
    void register().catch(() => {}); // not served securely, in a sandbox, or storage is forbidden
  });
}

async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register("sw.js");
  const watch = (worker: ServiceWorker | null) => {
    const look = () => {
      // A page that no service worker answered for, the first ever or one loaded past it, came from the host: it is the newest.
      if (worker?.state === "installed" && navigator.serviceWorker.controller) update.value = () => replaceBy(worker);
    };
    worker?.addEventListener("statechange", look);
    look();
  };
  watch(registration.waiting);
  watch(registration.installing);
  registration.addEventListener("updatefound", () => watch(registration.installing));
  // On a busy machine Chromium looks for a newer one by itself only once the last has been idle for half a minute; asked, mostly sooner.
  if (registration.active) void registration.update().catch(() => {}); // there may be no network
  setTimeout(() => void keepRest().catch(() => {}), REST_AFTER);
}

function replaceBy(worker: ServiceWorker): void {
  // Another tab may have asked for it already.
  if (worker.state !== "installed") return location.reload();
  worker.addEventListener("statechange", () => worker.state !== "activating" && location.reload());
  worker.postMessage("take over" satisfies ToServiceWorker);
}

/** Milliseconds. A visit that is over by then, or saves data, downloads no more than it needed. */
const REST_AFTER = 30_000;

/** The program with WebGPU is of use where there is an adapter, if only one in software, which can be chosen too. */
async function keepRest(): Promise<void> {
  const { saveData } = (navigator as { connection?: { saveData?: boolean } }).connection ?? {};
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  if (saveData || !(await gpu?.requestAdapter())) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage("keep the rest" satisfies ToServiceWorker);
}
