// How much time side work may take from training, and how fast training goes. No clock of its own: callers pass the time.

/** Work that may take `share` of the time, at most every `least` milliseconds. What it costs is measured as it is done. */
export class Budget {
  private next = 0;
  /** Milliseconds that it took last time. */
  cost = 0;

  constructor(
    private readonly share: number,
    private readonly least: number,
  ) {}

  due(now: number): boolean {
    return now >= this.next;
  }

  spent(start: number, end: number): void {
    this.cost = end - start;
    this.next = end + Math.max(this.least, this.cost / this.share);
  }

  /** Makes it due at once. */
  clear(): void {
    this.next = 0;
  }
}

/** Steps per second over the last seconds, side work included: what a person with a watch would count. */
export class Speed {
  private marks: { time: number; step: number }[] = [];

  constructor(private readonly span = 2000) {}

  get empty(): boolean {
    return this.marks.length === 0;
  }

  mark(time: number, step: number): void {
    this.marks.push({ time, step });
    // Two marks always stay: on a slow device one step may be longer than the span.
    while (this.marks.length > 2 && time - this.marks[1]!.time >= this.span) this.marks.shift();
  }

  perSecond(): number {
    const first = this.marks[0];
    const last = this.marks.at(-1);
    if (!first || !last || last.time <= first.time) return 0;
    return ((last.step - first.step) * 1000) / (last.time - first.time);
  }

  clear(): void {
    this.marks = [];
  }
}
