// The loss curve's data, thinned as it grows: steps share buckets, and when there are too many buckets each two become one.
// It keeps every bucket's least, mean and greatest loss, so that no spike is lost. It draws nothing.

type Bucket = { last: number; least: number; sum: number; greatest: number; count: number; heldOut: number | null };

/** All there is, as plain data. */
export type Thinned = { width: number; buckets: Bucket[] };

/** One array a column; `mean`, `least`, `greatest` and `heldOut` at the steps in `step`. */
export type Columns = { step: number[]; mean: (number | null)[]; least: (number | null)[]; greatest: (number | null)[]; heldOut: (number | null)[] };

export class Curve {
  private buckets: Bucket[] = [];
  /** Steps in a bucket: bucket i holds steps i·width + 1 to (i + 1)·width. */
  private width = 1;

  constructor(private readonly most = 2048) {}

  /** Losses of the steps up to and with `step`. */
  add(step: number, losses: ArrayLike<number>): void {
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i]!;
      const bucket = this.bucket(step - losses.length + 1 + i);
      if (!Number.isFinite(loss)) continue;
      bucket.least = Math.min(bucket.least, loss);
      bucket.greatest = Math.max(bucket.greatest, loss);
      bucket.sum += loss;
      bucket.count++;
    }
  }

  /** The held-out loss after `step` steps. Before the first step there is no place for it. */
  addHeldOut(step: number, loss: number): void {
    if (step > 0 && Number.isFinite(loss)) this.bucket(step).heldOut = loss;
  }

  /** Forgets what comes after `step`. A bucket that straddles it stays: its few steps are counted again. */
  cutAfter(step: number): void {
    this.buckets.length = Math.min(this.buckets.length, Math.ceil(step / this.width));
  }

  clear(): void {
    this.buckets = [];
    this.width = 1;
  }

  thinned(): Thinned {
    return { width: this.width, buckets: this.buckets.map((bucket) => ({ ...bucket })) };
  }

  restore({ width, buckets }: Thinned): void {
    this.width = width;
    this.buckets = buckets.map((bucket) => ({ ...bucket }));
  }

  columns(): Columns {
    const seen = this.buckets.filter(({ count, heldOut }) => count > 0 || heldOut !== null);
    const where = (value: (b: Bucket) => number) => seen.map((bucket) => (bucket.count > 0 ? value(bucket) : null));
    return {
      step: seen.map(({ last }) => last),
      mean: where(({ sum, count }) => sum / count),
      least: where(({ least }) => least),
      greatest: where(({ greatest }) => greatest),
      heldOut: seen.map(({ heldOut }) => heldOut),
    };
  }

  private bucket(step: number): Bucket {
    while (Math.floor((step - 1) / this.width) >= this.most) this.halve();
    const index = Math.floor((step - 1) / this.width);
    // A run that was restored starts in the middle: the buckets before it stay empty.
    while (this.buckets.length <= index) this.buckets.push({ last: 0, least: Infinity, sum: 0, greatest: -Infinity, count: 0, heldOut: null });
    const bucket = this.buckets[index]!;
    bucket.last = Math.max(bucket.last, step);
    return bucket;
  }

  private halve(): void {
    const halves: Bucket[] = [];
    for (let i = 0; i < this.buckets.length; i += 2) {
      const a = this.buckets[i]!;
      const b = this.buckets[i + 1] ?? a;
      if (a === b) halves.push(a);
      else
        halves.push({
          last: Math.max(a.last, b.last),
          least: Math.min(a.least, b.least),
          sum: a.sum + b.sum,
          greatest: Math.max(a.greatest, b.greatest),
          count: a.count + b.count,
          heldOut: b.heldOut ?? a.heldOut,
        });
    }
    this.buckets = halves;
    this.width *= 2;
  }
}
