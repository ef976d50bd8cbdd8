// Does one thing again and again, never twice at a time: as soon after it was asked to as the pace allows, and no more often than its
// own cost allows.

/** Milliseconds in which more may change. */
const SOON = 100;
/** Of all time, at most so much is spent on writing. */
const SHARE = 0.05;

export class Writer {
  private asked = false;
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off. */
  private due = Infinity;
  private pace = 0;
  private ended = -Infinity;
  private cost = 0;

  constructor(private readonly write: () => Promise<void>) {}

  /** `pace`: milliseconds since the last time. */
  ask(pace: number): void {
    this.asked = true;
    this.pace = pace;
    const now = performance.now();
    const due = Math.max(now + SOON, this.ended + Math.max(pace, this.cost * (1 / SHARE - 1)));
    if (this.busy || due >= this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => void this.now(), due - now);
  }

  /** What has been asked for, at once: the page may be gone in a moment. */
  async now(): Promise<void> {
    clearTimeout(this.timer);
    this.due = Infinity;
    if (!this.asked || this.busy) return;
    this.asked = false;
    this.busy = true;
    const start = performance.now();
    try {
      await this.write();
    } finally {
      this.ended = performance.now();
      this.cost = this.ended - start;
      this.busy = false;
    }
    if (this.asked) this.ask(this.pace);
  }
}
