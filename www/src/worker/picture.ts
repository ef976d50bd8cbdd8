// The attention canvases as the worker holds them: the page's view of each, what was last drawn, and where the pointer is. The
// pictures themselves are the crate's (AttentionCanvas).

import { AttentionCanvas, type Look } from "tinylens";
import type { CanvasName, Cell, View } from "../protocol";

/** Gives the height in the crate's pixels. */
type Paint = (painter: AttentionCanvas) => number;

/** Clean, edited, and their difference. The last two are there only while something is edited. */
export class Pictures {
  readonly of: Record<CanvasName, Picture>;

  constructor(onHeight: (name: CanvasName, height: number) => void, onCell: (name: CanvasName, cell: Cell | null) => void) {
    const picture = (name: CanvasName) => new Picture((height) => onHeight(name, height), (cell) => onCell(name, cell));
    this.of = { clean: picture("clean"), edited: picture("edited"), difference: picture("difference") };
  }

  /** On a phone, one is shown at a time. */
  get visible(): boolean {
    return Object.values(this.of).some((picture) => picture.visible);
  }

  start(): void {
    for (const picture of Object.values(this.of)) picture.start();
  }

  draw(clean: Look, edited: Look | null): void {
    this.of.clean.draw((painter) => painter.draw(clean));
    this.of.edited.draw(edited && ((painter) => painter.draw(edited)));
    const comparable = edited?.labels.length === clean.labels.length;
    this.of.difference.draw(edited && comparable ? (painter) => painter.drawDifference(edited, clean) : null);
  }
}

class Picture {
  private offscreen: OffscreenCanvas | null = null;
  private painter: AttentionCanvas | null = null;
  private view: View | null = null;
  private paint: Paint | null = null;
  private pointer: { x: number; y: number } | null = null;
  private ready = false;

  constructor(
    private readonly onHeight: (height: number) => void,
    private readonly onCell: (cell: Cell | null) => void,
  ) {}

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  /** The canvas may arrive before the module does, and another may take its place. */
  canvas(offscreen: OffscreenCanvas, view: View): void {
    this.painter?.free();
    this.painter = null;
    this.pointer = null;
    this.offscreen = offscreen;
    this.view = view;
    this.show();
  }

  start(): void {
    this.ready = true;
    this.show();
  }

  setView(view: View): void {
    this.view = view;
    this.show();
  }

  /** null: there is nothing to draw, and what was drawn must not be read. */
  draw(paint: Paint | null): void {
    this.paint = paint;
    // What nobody sees is drawn when it is seen.
    if (!paint || !this.visible) return;
    if (!this.painter) return this.show();
    this.onHeight(paint(this.painter));
    // The weight under a pointer that rests changes as the model trains.
    if (this.pointer) this.onCell(this.hit());
  }

  point(at: { x: number; y: number } | null): void {
    this.pointer = at;
    this.onCell(this.hit());
  }

  private show(): void {
    if (!this.ready || !this.offscreen || !this.view?.visible) return;
    this.painter ??= new AttentionCanvas(this.offscreen);
    const height = this.painter.resize(this.view.width, this.view.pixelRatio, this.view.theme);
    this.onHeight(this.paint ? this.paint(this.painter) : height);
  }

  private hit(): Cell | null {
    if (!this.pointer || !this.painter || !this.paint) return null;
    return this.painter.hit(this.pointer.x, this.pointer.y) ?? null;
  }
}
