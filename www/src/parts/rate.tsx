// A share with its interval: as text in figures of equal width, and as a thin bar.

import type { Rate } from "tinylens";
import { interval } from "../format";

export function RateText({ rate }: { rate: Rate }) {
  const [share, range] = interval(rate).split(/(?= ?\[)/);
  return (
    <span class="rate">
      <span class="share">{share}</span> <span class="interval">{range?.trim()}</span>
      <RateBar rate={rate} />
    </span>
  );
}

export function RateBar({ rate: { rate, low, high } }: { rate: Rate }) {
  return <span class="rate-bar" aria-hidden="true" style={{ "--rate": String(rate), "--low": String(low), "--high": String(high) }} />;
}
