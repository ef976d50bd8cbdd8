// Names and checks made from what is in a file.

import { createHash } from "node:crypto";

const sha256 = (contents) => createHash("sha256").update(contents).digest();

/** "favicon.svg" → "favicon-1A2B3C4D.svg": as long as esbuild's. */
export const hashed = (name, contents) => name.replace(/(?=\.\w+$)/, `-${sha256(contents).toString("hex").slice(0, 8).toUpperCase()}`);

/** As a browser checks it: in `integrity`, and in a policy. */
export const integrity = (contents) => `sha256-${sha256(contents).toString("base64")}`;

export const version = (contents) => sha256(contents).toString("hex").slice(0, 12);
