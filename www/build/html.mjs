// index.html is a template: these put something in the place of a piece of it, and fail where it is not there exactly once.

export function replace(html, piece, by) {
  const [before, after, ...more] = html.split(piece);
  if (after === undefined || more.length > 0) throw new Error(`index.html has ${piece} ${after === undefined ? "nowhere" : "more than once"}; build.mjs needs it once.`);
  return before + by + after;
}

/** Names of files, as attributes of the template, to the names that were built. */
export const link = (html, names) => Object.entries(names).reduce((html, [name, built]) => replace(html, `"${name}"`, `"${built}"`), html);
