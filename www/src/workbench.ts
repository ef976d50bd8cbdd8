/** Whoever works on the page wants the last build at every reload, not the one that was kept. */
export const workbench = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
