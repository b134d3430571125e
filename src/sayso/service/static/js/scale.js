/** The scale of faders: half of the way lies between -6 and +6 dB. Pure functions. */

// dB against share of the way, for a fader from -60 to +24 dB.
const POINTS = [
  [-60, 0],
  [-24, 0.12],
  [-12, 0.25],
  [-6, 0.4],
  [0, 0.65],
  [6, 0.85],
  [24, 1],
];

function between(points, x, from, to) {
  const at = points.findIndex((point, n) => n > 0 && (x <= point[from] || n === points.length - 1));
  const [before, after] = [points[at - 1], points[at]];
  return before[to] + ((x - before[from]) / (after[from] - before[from])) * (after[to] - before[to]);
}

const clamped = (x, low, high) => Math.max(low, Math.min(high, x));

/** Where a level stands on the way from `low` to `high`, 0 to 1. */
export function shareOf(db, low, high) {
  const [start, end] = [low, high].map((one) => between(POINTS, one, 0, 1));
  return clamped((between(POINTS, db, 0, 1) - start) / (end - start), 0, 1);
}

/** The level at a share of the way, in dB. */
export function valueAt(share, low, high) {
  const [start, end] = [low, high].map((one) => between(POINTS, one, 0, 1));
  return clamped(between(POINTS, start + clamped(share, 0, 1) * (end - start), 1, 0), low, high);
}
