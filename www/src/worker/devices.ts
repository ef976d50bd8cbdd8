// The devices that have been opened. Opening one may test and time it, so each is opened once.

import { openDevice, type Device, type DeviceKind } from "tinylens";

export class Devices {
  private readonly opened = new Map<DeviceKind, Device>();

  constructor(private readonly onOpening: () => void) {}

  async get(kind: DeviceKind): Promise<Device> {
    let device = this.opened.get(kind);
    if (!device) {
      this.onOpening();
      device = await openDevice(kind);
      this.opened.set(kind, device);
    }
    return device;
  }
}
