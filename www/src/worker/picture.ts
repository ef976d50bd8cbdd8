// The attention canvas as the worker holds it: the page's view of it, the last look drawn, and where the pointer is. The
// picture itself is the crate's (AttentionCanvas).

import { AttentionCanvas, type Look } from "tinylens";
import type { Cell, View } from "../protocol";

export class Picture {
  private offscreen: OffscreenCanvas | null = null;
  private painter: AttentionCanvas | null = null;
  private view: View | null = null;
  private look: Look | null = null;
  private pointer: { x: number; y: number } | null = null;
  private ready = false;

  constructor(
    private readonly onHeight: (height: number) => void,
    private readonly onCell: (cell: Cell | null) => void,
  ) {}

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  /** The canvas may arrive before the module does. */
  canvas(offscreen: OffscreenCanvas, view: View): void {
    this.offscreen = offscreen;
    this.view = view;
    if (this.ready) this.paint();
  }

  start(): void {
    this.ready = true;
    this.paint();
  }

  setView(view: View): void {
    this.view = view;
    this.paint();
  }

  draw(look: Look): void {
    this.look = look;
    if (!this.painter) return this.paint();
    this.onHeight(this.painter.draw(look));
    // The weight under a pointer that rests changes as the model trains.
    if (this.pointer) this.onCell(this.hit());
  }

  point(at: { x: number; y: number } | null): void {
    this.pointer = at;
    this.onCell(this.hit());
  }

  private paint(): void {
    if (!this.ready || !this.offscreen || !this.view) return;
    this.painter ??= new AttentionCanvas(this.offscreen);
    const height = this.painter.resize(this.view.width, this.view.pixelRatio, this.view.theme);
    this.onHeight(this.look ? this.painter.draw(this.look) : height);
  }

  private hit(): Cell | null {
    if (!this.pointer || !this.painter) return null;
    return this.painter.hit(this.pointer.x, this.pointer.y) ?? null;
  }
}
