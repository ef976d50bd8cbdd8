// What the run on screen is computed on: what was asked for, and what it came to. How a run gets to another device is handover.ts's.

import type { DeviceKind } from "tinylens";
import { amend, change, doc } from "../document";
import type { DeviceInfo } from "../protocol";
import * as state from "../state";

/** The device that was last asked for, and the last that was given. */
export const device: { wished: DeviceKind; given: DeviceKind } = { wished: "auto", given: "auto" };

export function onDevice(asked: DeviceKind, info: DeviceInfo): void {
  state.device.value = info;
  device.given = asked;
  if (asked !== device.wished && doc.value.device === asked) return; // what "auto" is has come to be known, and another is on its way
  if (doc.value.device !== asked) change({ device: asked }, `Compute on: ${asked}`);
  state.deviceBusy.value = false;
}

export function staysWhereItIs(why: string): void {
  state.deviceBusy.value = false;
  state.deviceError.value = `The run stays where it is: ${why.replace(/\.$/, "")}.`;
  if (doc.value.device !== device.given) amend({ device: device.given }); // undo had asked for another
}
