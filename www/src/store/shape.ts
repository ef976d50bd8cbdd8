// What data from outside must look like: small readers that give back what they were written for, nothing else, or refuse with
// the place and what belongs there. For records out of files and out of a database that another version may have written.

/** Reads a value that stands at `path`; throws a `Misshapen`. */
export type Shape<T> = (value: unknown, path: string) => T;
export type Of<S> = S extends Shape<infer T> ? T : never;

export class Misshapen extends Error {}

function refuse(path: string, wanted: string): never {
  throw new Misshapen(`${path} must be ${wanted}`);
}

export const text =
  (most = 10_000): Shape<string> =>
  (value, path) =>
    typeof value === "string" && value.length <= most ? value : refuse(path, `a text of up to ${most} characters`);

export const flag: Shape<boolean> = (value, path) => (typeof value === "boolean" ? value : refuse(path, "true or false"));

export const whole =
  (least = 0, most = Number.MAX_SAFE_INTEGER): Shape<number> =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : refuse(path, `a whole number from ${least} to ${most}`);

export const real: Shape<number> = (value, path) => (Number.isFinite(value) ? (value as number) : refuse(path, "a number"));

/** A measured number, which may be none: JSON writes null for NaN. */
export const figure: Shape<number> = (value, path) => (value === null || Number.isNaN(value) ? NaN : real(value, path));

export const oneOf =
  <const T extends string | number>(...choices: T[]): Shape<T> =>
  (value, path) =>
    choices.includes(value as T) ? (value as T) : refuse(path, `one of ${choices.join(", ")}`);

export const nullable =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value, path) =>
    value === null ? null : shape(value, path);

/** The first that fits. */
export const either =
  <A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> =>
  (value, path) => {
    try {
      return a(value, path);
    } catch (error) {
      if (error instanceof Misshapen) return b(value, path);
      throw error;
    }
  };

export const list =
  <T>(of: Shape<T>, most = 100_000): Shape<T[]> =>
  (value, path) =>
    Array.isArray(value) && value.length <= most ? value.map((item, i) => of(item, `${path}[${i}]`)) : refuse(path, `a list of up to ${most}`);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Names are not ours: __proto__ is one like any other. */
export const dictionary =
  <T>(of: Shape<T>, most = 1000): Shape<Record<string, T>> =>
  (value, path) =>
    isObject(value) && Object.keys(value).length <= most ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, of(item, `${path}.${name}`)])) : refuse(path, `an object of up to ${most} fields`);

type Fields = Record<string, Shape<unknown>>;

/** Just these fields, in this order, and those of `maybe` that are there. */
export const object =
  <F extends Fields, M extends Fields = {}>(fields: F, maybe = {} as M): Shape<{ [K in keyof F]: Of<F[K]> } & { [K in keyof M]?: Of<M[K]> }> =>
  (value, path) => {
    if (!isObject(value)) return refuse(path, "an object");
    const there = Object.entries(maybe).filter(([name]) => value[name] !== undefined);
    const read = [...Object.entries(fields), ...there].map(([name, of]) => [name, of(value[name], `${path}.${name}`)]);
    return Object.fromEntries(read);
  };
