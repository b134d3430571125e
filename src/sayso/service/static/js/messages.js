/** What was said, in order. */

/**
 * Messages with those that the service tells of, in its order; what it does not have stands at the end.
 * @param {object[]} before
 * @param {object[]} told
 */
export function merged(before, told) {
  const known = new Set(before.map(({ id }) => id));
  const fresh = told.filter(({ id }) => !known.has(id));
  // What failed here and is there now had only lost its answer.
  const arrived = fresh.map(({ text }) => text);
  const kept = before.filter(({ again, text }) => !(again && arrived.includes(text)));
  const rank = ({ id }) => id ?? Infinity;
  return [...kept, ...fresh].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}
