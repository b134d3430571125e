/** The desk's JSON: reading it, and the moves that hands make. Pure functions. */

export const MIX = "mix";
/** What no other strip of the desk holds. */
export const REST = "rest";
const NEUTRAL = Object.freeze({ gain_db: 0, mute: false, solo: false, effects: [] });

/** The strip of `target`, a neutral one where the desk has none. */
export const stripOf = (desk, target) => desk.strips[target] ?? NEUTRAL;

/** What "no TARGET" leaves out; null for an ordinary target. */
export const complementOf = (target) => (target.startsWith("no ") ? target.slice(3) : null);

/** What a desk needs separated, as names of sounds. */
export function targetsOf(desk) {
  const touched = Object.keys(desk.strips).filter((name) => !isNeutral(desk.strips[name]));
  const names = [...desk.deliver, ...touched].map((name) => complementOf(name) ?? name);
  if (names.includes(REST)) names.push(...soundsOf(desk));
  return [...new Set(names)].filter((name) => name !== MIX && name !== REST);
}

/** The sounds that have a strip on the desk; with "rest" they make up the recording. */
export const soundsOf = (desk) => Object.keys(desk.strips).filter(isSound);

/** Whether a strip is for one sound of the recording. */
export const isSound = (name) => name !== MIX && name !== REST && complementOf(name) === null;

/**
 * The strips that there are: of the sounds of recordings and desks, and of the rest.
 * @param {object} desk
 * @param {string[]} sounds that were separated
 * @param {string[]} order in which known ones stand
 */
export function stripsOf(desk, sounds, order) {
  const asked = [...sounds, ...targetsOf(desk), ...Object.keys(desk.strips)];
  const names = [...new Set(asked.filter((name) => name !== MIX && name !== REST))];
  const shown = names.filter((name) => complementOf(name) === null || name in desk.strips);
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = shown.sort((a, b) => rank(a) - rank(b));
  return sorted.length > 0 ? [...sorted, REST] : sorted;
}

export const isNeutral = (strip) =>
  strip.gain_db === 0 && !strip.mute && !strip.solo && strip.effects.length === 0;

/** The effect of a strip that matches, or null. */
export const effectOf = (strip, matches) => strip.effects.find(matches) ?? null;

/**
 * The effects of a strip with one of them set, added at the end, or, if null, taken away.
 * @param {(effect: object) => boolean} matches which one it is
 */
export function withEffect(effects, matches, effect) {
  if (effect === null) return effects.filter((old) => !matches(old));
  if (!effects.some(matches)) return [...effects, effect];
  return effects.map((old) => (matches(old) ? effect : old));
}

/** The desk with one strip replaced. */
export const withStrip = (desk, target, strip) => ({
  ...desk,
  strips: { ...desk.strips, [target]: strip },
});

export const sameDesk = (a, b) => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  // What is null was left out.
  const keys = Object.keys(value).filter((key) => value[key] !== null).sort();
  return Object.fromEntries(keys.map((key) => [key, canonical(value[key])]));
}
