// What the API tests share: the module, opened once a process, and its CPU device.
import init, { openDevice } from "../tinylens.js";

await init();
export const cpu = await openDevice("cpu");

/** Rejects or throws with a message that matches. */
export async function refused(work, pattern) {
  const { default: assert } = await import("node:assert/strict");
  await assert.rejects(async () => work(), (error) => {
    assert.ok(error instanceof Error, `an Error, not ${error}`);
    assert.match(error.message, pattern);
    return true;
  });
}
