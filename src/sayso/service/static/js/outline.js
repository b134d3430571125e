/**
 * Outlines of waveforms: {low, high, start_s, end_s}, the lowest and highest sample of each of many
 * equal stretches. Pure functions.
 */

/** Whether an outline holds a stretch of time, and draws it as finely as a part of it could be. */
export const covers = (outline, { start_s: start, end_s: end }) =>
  outline !== null && outline.start_s <= start + 1e-6 && outline.end_s >= end - 1e-6;

/** How many stretches of an outline lie in a span of time. */
export const stretchesIn = ({ low, start_s, end_s }, span_s) => (low.length * span_s) / (end_s - start_s);

/** The lowest and highest sample of each of `count` columns of a stretch of time. */
export function columns({ low, high, start_s, end_s }, view, count) {
  const bucket = (s) => ((s - start_s) / (end_s - start_s)) * low.length;
  const span = view.end_s - view.start_s;
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor(bucket(view.start_s + (span * column) / count));
    const to = Math.ceil(bucket(view.start_s + (span * (column + 1)) / count));
    let least = 0;
    let most = 0;
    for (let at = Math.max(0, from); at < Math.min(to, low.length); at += 1) {
      least = Math.min(least, low[at]);
      most = Math.max(most, high[at]);
    }
    return [least, most];
  });
}

/**
 * The outline of a mix of strips, as near as outlines can tell: sounds that have nothing to do with
 * each other add up by their power. One that is alone is drawn as it is.
 * @param {object} whole outline of the recording
 * @param {{outline: object, gain: number}[]} parts what has a strip, of as many stretches
 * @param {number} rest gain of what no part holds
 * @param {number} master gain of all of it
 */
export function mixed(whole, parts, rest, master) {
  const length = whole.low.length;
  const same = parts.filter(({ outline }) => outline.low.length === length);
  const low = new Float32Array(length);
  const high = new Float32Array(length);
  const heard = same.filter(({ gain }) => gain > 0);
  const alone = heard.length === 1 && rest === 0 ? heard[0] : null;
  for (let at = 0; at < length; at += 1) {
    if (alone) {
      low[at] = alone.outline.low[at] * alone.gain * master;
      high[at] = alone.outline.high[at] * alone.gain * master;
      continue;
    }
    const power = (one) => Math.max(-one.low[at], one.high[at]) ** 2;
    let before = 0;
    let after = 0;
    for (const { outline, gain } of same) {
      const its = power(outline);
      before += its;
      after += gain ** 2 * its;
    }
    const left = Math.max(0, power(whole) - before);
    const all = before + left;
    const scale = all > 0 ? master * Math.sqrt((after + rest ** 2 * left) / all) : 0;
    low[at] = whole.low[at] * scale;
    high[at] = whole.high[at] * scale;
  }
  return { ...whole, low, high };
}
