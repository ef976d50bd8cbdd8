/**
 * Where the module is that `Model.fromCheckpoint` reads files with: an address, its bytes, or the compiled module; without an argument: beside
 * this script. For pages that are bundled, or may fetch nothing. It is loaded when the next file is opened.
 */
export function setReader(moduleOrPath?: string | URL | BufferSource | WebAssembly.Module): void;

/** Loads it now, so that opening a file has nothing to wait for. Rejects with why it can't; asked again, it tries again. */
export function loadReader(): Promise<void>;
