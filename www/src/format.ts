// How numbers are spelled. One place, so that the same number reads the same everywhere.

const whole = new Intl.NumberFormat("en");
const one = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);

export const loss = (n: number): string => (Number.isFinite(n) ? n.toFixed(4) : "not a number");

/** 0.9723 → "97.2 %", with a no-break space. */
export const percent = (share: number): string => `${one.format(100 * share)}\u00a0%`;

/** In little room: "97 %". */
export const roughPercent = (share: number): string => `${Math.round(100 * share)}\u00a0%`;

export const speed = (perSecond: number): string => (perSecond >= 10 ? count(Math.round(perSecond)) : one.format(perSecond));

/** Small or large numbers as people write them in code: 0.001, 1e-8. */
export const plain = (n: number): string => (n !== 0 && Math.abs(n) < 1e-3 ? n.toExponential().replace("e+", "e") : String(n));

export const megabytes = (bytes: number): string => one.format(bytes / 1e6);

/** 346762 → "347 KB". */
export const size = (bytes: number): string => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${Math.round(bytes / 1e3)}\u00a0KB` : `${megabytes(bytes)}\u00a0MB`);

const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "long" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const DAY = 24 * 3600 * 1000;

/** Milliseconds since 1970 → "today, 14:05", "Tuesday, 14:05", "3 March, 14:05", or "3 March 2025". */
export function moment(time: number, now = Date.now()): string {
  const [then, today] = [new Date(time), new Date(now)];
  if (then.getFullYear() !== today.getFullYear() && Math.abs(now - time) > 6 * DAY) return `${day.format(then)} ${then.getFullYear()}`;
  const date = then.toDateString() === today.toDateString() ? "today" : Math.abs(now - time) < 6 * DAY ? weekday.format(then) : day.format(then);
  return `${date}, ${clock.format(then)}`;
}

/** After a colon. What begins with a name of its own (W_E) keeps it. */
export const inSentence = (message: string): string => message.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase());

export const weight = (n: number): string => n.toFixed(3);

/** 0.75 with its interval → "75 % [73, 77]"; with a decimal where the interval is narrower than a point. */
export function interval({ rate, low, high }: { rate: number; low: number; high: number }): string {
  const digits = high - low < 0.01 && high > low ? 1 : 0;
  const spell = (share: number) => (100 * share).toFixed(digits);
  return `${spell(rate)}\u00a0%\u00a0[${spell(low)},\u00a0${spell(high)}]`;
}
