// Reads the safetensors fixtures of crate/tests, with none of the module's own code: they are the oracle.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

/** `{ tensors: { name: { shape, data, rows() } }, metadata: { config, checkpoint() } }` of crate/tests/oracle/<name>.safetensors. */
export async function fixture(name) {
  const { tensors, metadata } = safetensors(await readFile(new URL(`../../crate/tests/oracle/${name}.safetensors`, import.meta.url)));
  return { tensors, metadata: { config: metadata.config && clean(JSON.parse(metadata.config)), checkpoint: async () => checkpoint(tensors) } };
}

/** What a safetensors file holds. */
export function safetensors(given) {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(bytes.subarray(8, 8 + length));
  const tensors = {};
  for (const [key, { dtype, shape, data_offsets: [start, end] }] of Object.entries(entries)) {
    const raw = bytes.subarray(8 + length + start, 8 + length + end);
    const buffer = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length);
    const data = dtype === "F32" ? new Float32Array(buffer) : Float32Array.from(new BigInt64Array(buffer), Number);
    tensors[key] = { shape, data, rows: () => Array.from({ length: shape[0] }, (_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]))) };
  }
  return { tensors, metadata };
}

/** TransformerLens's "not set" is our "left out". */
function clean(config) {
  return Object.fromEntries(Object.entries(config).filter(([, value], i, all) => !(value === -1 || (value === null && all[i][0] !== "normalization_type"))));
}

/** The parameters of a fixture as a file of their own: JSON with base64 float32. */
function checkpoint(tensors) {
  const state = {};
  for (const [key, { shape, data }] of Object.entries(tensors)) {
    if (key.startsWith("param.")) state[key.slice(6)] = { shape, dtype: "float32", data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
  }
  return new TextEncoder().encode(JSON.stringify({ state_dict: state }));
}

/** Fails where two arrays are further apart than `tolerance`, by value or (above 1) relative to it. */
export function close(got, expected, tolerance, what) {
  assert.equal(got.length, expected.length, `${what}: length`);
  for (let i = 0; i < got.length; i++) {
    const near = got[i] === expected[i] || Math.abs(got[i] - expected[i]) <= tolerance * Math.max(1, Math.abs(expected[i]));
    if (!near) assert.fail(`${what}[${i}] is ${got[i]}, and should be ${expected[i]}`);
  }
}
