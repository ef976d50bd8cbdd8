// The attention canvases as the worker holds them: the page's view of each, what is drawn on them, and what is pointed at. The
// pictures themselves are the crate's (AttentionCanvas, HeadsCanvas).

import { AttentionCanvas, HeadsCanvas, type Drawn, type Focus, type Hit, type Shown, type Tiles } from "tinylens";
import type { CanvasName, HeadTable, Pointed, Showing, View } from "../protocol";

const NOWHERE: Focus = { destination: null, source: null };
const LARGE = ["clean", "edited", "difference"] as const;
type Large = (typeof LARGE)[number];

/** Side of a saved picture's pixel in one of the page's. */
const SAVED_RATIO = 3;

/** What is shown of the clean sequence, of the edited one, and of both: the last two only while something is edited. */
export type Shows = { clean: Shown; edited: Shown | null };

export class Pictures {
  private readonly large: Record<Large, Surface<AttentionCanvas>>;
  private readonly heads: Surface<HeadsCanvas>;
  private showing: Showing | null = null;
  private shows: Shows | null = null;
  /** Where the pointer rests: what lies under it changes as the model trains. */
  private pointer: { name: Large; x: number; y: number } | null = null;
  private focus: Focus = NOWHERE;

  constructor(
    private readonly onHeight: (name: CanvasName, height: number) => void,
    private readonly onPointed: (pointed: Pointed) => void,
    private readonly onTiles: (tiles: Tiles) => void,
  ) {
    const surface = (name: Large) => new Surface((canvas) => new AttentionCanvas(canvas), () => this.paint(name));
    this.large = { clean: surface("clean"), edited: surface("edited"), difference: surface("difference") };
    this.heads = new Surface((canvas) => new HeadsCanvas(canvas), () => this.paintHeads());
  }

  /** On a phone, one is shown at a time. */
  get visible(): boolean {
    return this.surfaces.some((surface) => surface.visible);
  }

  private get surfaces(): Surface<{ free(): void }>[] {
    return [...Object.values(this.large), this.heads];
  }

  start(): void {
    for (const surface of this.surfaces) surface.start();
  }

  canvas(name: CanvasName, offscreen: OffscreenCanvas, view: View): void {
    if (this.pointer?.name === name) this.pointer = null;
    this.surface(name).canvas(offscreen, view);
  }

  view(name: CanvasName, view: View): void {
    this.surface(name).setView(view);
  }

  private surface = (name: CanvasName): Surface<{ free(): void }> => (name === "heads" ? this.heads : this.large[name]);

  /** `redraw` false: what is drawn comes anew in a moment. */
  show(showing: Showing, redraw: boolean): void {
    this.showing = showing;
    if (redraw) this.paintAll();
  }

  draw(shows: Shows): void {
    this.shows = shows;
    this.paintAll();
  }

  private paintAll(): void {
    this.paintHeads();
    for (const name of LARGE) this.paint(name);
    // What lies under a pointer that rests, and the numbers of whatever is pointed at, are others now.
    if (this.pointer) this.point(this.pointer.name, this.pointer);
    else if (this.focus !== NOWHERE) this.onPointed(this.pointed(null, this.focus, null));
  }

  point(name: CanvasName, at: { x: number; y: number } | null): void {
    if (name === "heads") return;
    this.pointer = at && { name, x: at.x, y: at.y };
    const hit = at && this.shown(name) ? (this.large[name].painter?.hit(at.x, at.y) ?? null) : null;
    const focus = hit ? { destination: hit.destination, source: hit.source } : null;
    this.mark(focus);
    this.onPointed(this.pointed(name, focus, hit));
  }

  /** Something on the page points at a token or a cell. */
  pointAt(focus: Focus | null): void {
    this.pointer = null;
    this.mark(focus);
    this.onPointed(this.pointed(null, focus, null));
  }

  private mark(focus: Focus | null): void {
    const next = focus ?? NOWHERE;
    if (next.destination === this.focus.destination && next.source === this.focus.source) return;
    this.focus = next;
    for (const name of LARGE) if (this.large[name].visible && this.shown(name)) this.large[name].painter?.pointAt(next);
  }

  private pointed(name: CanvasName | null, focus: Focus | null, hit: Hit | null): Pointed {
    const values: Pointed["values"] = {};
    const shades: Pointed["shades"] = {};
    for (const one of LARGE) {
      const { painter } = this.large[one];
      if (!focus || !painter || !this.shown(one)) continue;
      if (focus.destination !== null && focus.source !== null) values[one] = painter.valuesAt(focus.destination, focus.source);
      else {
        const found = painter.shades(focus);
        if (found) shades[one] = found;
      }
    }
    return { name, focus, hit, values, shades };
  }

  /** Whether there is something to draw on it: without that, what was drawn last must not be read. */
  private shown(name: Large): boolean {
    const { shows } = this;
    if (!shows) return false;
    if (name === "clean") return true;
    return shows.edited !== null && (name === "edited" || shows.edited.labels.length === shows.clean.labels.length);
  }

  private drawn(view: View): Drawn {
    const { view: how, heads, cell } = this.showing!;
    return { width: view.width, pixelRatio: view.pixelRatio, theme: view.theme, view: how, heads, focus: this.focus, cell };
  }

  private paint(name: Large): void {
    const { painter, view } = this.large[name];
    // What nobody sees is drawn when it is seen.
    if (!painter || !view?.visible || !this.showing || !this.shown(name)) return;
    this.onHeight(name, this.drawOn(painter, name, this.drawn(view)));
  }

  private drawOn(painter: AttentionCanvas, name: Large, drawn: Drawn): number {
    const { clean, edited } = this.shows!;
    if (name === "clean") return painter.draw(clean, drawn);
    return name === "edited" ? painter.draw(edited!, drawn) : painter.drawDifference(edited!, clean, drawn);
  }

  private paintHeads(): void {
    const { painter, view } = this.heads;
    if (!painter || !view?.visible || !this.showing || !this.shows) return;
    const tiles = painter.draw(this.shows.clean, this.drawn(view));
    this.onTiles(tiles);
    this.onHeight("heads", tiles.height);
  }

  /** What is on a canvas, as a picture of its own: for the thumbnails, all heads side by side. Throws a sentence. */
  async saved(name: CanvasName, as: "svg" | "png"): Promise<string | Uint8Array<ArrayBuffer>> {
    const of = name === "heads" ? "clean" : name;
    const view = this.surface(name).view;
    if (!view || !this.showing || !this.shown(of)) throw new Error("There is nothing drawn there to save.");
    const drawn = { ...this.drawn(view), focus: NOWHERE };
    const wanted: Drawn = name === "heads" ? { ...drawn, heads: [], view: { ...drawn.view, form: "heatmap", heads: "panels" } } : drawn;
    const canvas = new OffscreenCanvas(1, 1);
    const painter = new AttentionCanvas(canvas);
    try {
      this.drawOn(painter, of, { ...wanted, pixelRatio: as === "png" ? SAVED_RATIO : 1 });
      if (as === "svg") return painter.svg()!;
      return new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    } finally {
      painter.free();
    }
  }

  /** All numbers of a canvas, for JSON. Throws a sentence. */
  numbers(canvas: CanvasName, step: number): object {
    const name = canvas === "heads" ? "clean" : canvas;
    if (!this.shown(name) || !this.showing) throw new Error("There is nothing drawn there to copy.");
    const { show, lists } = this.showing.view;
    const shown = name === "clean" ? this.shows!.clean : this.shows!.edited!;
    const { labels, values, causal } = shown;
    const data = name === "difference" ? values.data.map((value, i) => value - this.shows!.clean.values.data[i]!) : values.data;
    return { name: show, of: name, step, lists: Math.max(1, lists), causal, axes: ["layer", "head", "destination", "source"], labels, shape: values.shape, data };
  }

  /** One head's numbers on a canvas; null: it has none. */
  table({ canvas, layer, head }: { canvas: CanvasName; layer: number; head: number }): HeadTable | null {
    const name = canvas === "heads" ? "clean" : canvas;
    if (!this.shown(name)) return null;
    const { clean, edited } = this.shows!;
    const shown = name === "clean" ? clean : edited!;
    const [layers = 0, heads = 0, size = 0] = shown.values.shape;
    if (layer >= layers || head >= heads) return null;
    const start = (layer * heads + head) * size * size;
    const of = ({ values }: Shown) => values.data.slice(start, start + size * size);
    const values = of(shown);
    if (name === "difference") of(clean).forEach((value, i) => (values[i]! -= value));
    return { canvas, layer, head, labels: shown.labels, values, causal: shown.causal };
  }
}

/** A canvas of the page: it may arrive before the module does, and another may take its place. */
class Surface<Painter extends { free(): void }> {
  private offscreen: OffscreenCanvas | null = null;
  painter: Painter | null = null;
  view: View | null = null;
  private ready = false;

  constructor(
    private readonly make: (canvas: OffscreenCanvas) => Painter,
    private readonly paint: () => void,
  ) {}

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  canvas(offscreen: OffscreenCanvas, view: View): void {
    this.painter?.free();
    this.painter = null;
    this.offscreen = offscreen;
    this.setView(view);
  }

  start(): void {
    this.ready = true;
    if (this.view) this.setView(this.view);
  }

  setView(view: View): void {
    this.view = view;
    if (!this.ready || !this.offscreen || !view.visible) return;
    this.painter ??= this.make(this.offscreen);
    this.paint();
  }
}
