/**
 * Timelines: spans of the recording in the order in which they are heard. Pure functions.
 *
 * A timeline is {spans: [{start_s, end_s, gain_db, speed, gap_s, crossfade_s}], crossfade_s, fade_in_s,
 * fade_out_s}, of which all but the times may be left out. Source time is that of the recording, heard
 * time that of the result.
 */

const SHORTEST_S = 0.05;
const TOUCHING_S = 1e-4;

const gapOf = (span) => span.gap_s ?? 0;
const speedOf = (span) => span.speed ?? 1;
const heardOf = (span) => gapOf(span) + (span.end_s - span.start_s) / speedOf(span);

export const lengthOf = ({ spans }) => spans.reduce((sum, one) => sum + heardOf(one), 0);

/** Whether it only plays stretches one after another, as a player can. */
export const isPlain = ({ spans, fade_in_s: rise }) =>
  !rise && spans.every((one) => speedOf(one) === 1 && !gapOf(one) && (one.crossfade_s ?? null) === null);

/** The moment of the recording that is heard at `heard_s`. */
export function sourceAt({ spans }, heard_s) {
  let left = Math.max(0, heard_s);
  for (const span of spans) {
    const heard = heardOf(span);
    if (left < heard) return span.start_s + Math.max(0, left - gapOf(span)) * speedOf(span);
    left -= heard;
  }
  return spans.at(-1).end_s;
}

/** When `source_s` is first heard; where it is cut, when the next later moment is. */
export function heardAt({ spans }, source_s) {
  let at = 0;
  let best = null;
  for (const span of spans) {
    const { start_s: start, end_s: end } = span;
    const begin = at + gapOf(span);
    if (source_s >= start && source_s < end) return begin + (source_s - start) / speedOf(span);
    if (start > source_s && (best === null || start < best.start)) best = { start, at: begin };
    at += heardOf(span);
  }
  return best === null ? at : best.at;
}

/**
 * The recording from its beginning to its end as stretches that are kept or cut.
 * @returns {{start_s: number, end_s: number, kept: boolean, times: number}[]} `times` it is heard
 */
export function stretches({ spans }, duration_s) {
  const edges = [0, duration_s];
  for (const { start_s: start, end_s: end } of spans) edges.push(start, Math.min(end, duration_s));
  const sorted = [...new Set(edges)].sort((a, b) => a - b);
  const found = [];
  sorted.slice(0, -1).forEach((start_s, at) => {
    const end_s = sorted[at + 1];
    const middle = (start_s + end_s) / 2;
    const times = spans.filter((one) => one.start_s <= middle && middle < one.end_s).length;
    const last = found.at(-1);
    if (end_s - start_s < TOUCHING_S && last) last.end_s = end_s;
    else if (last && !last.times && !times) last.end_s = end_s;
    else found.push({ start_s, end_s, kept: times > 0, times });
  });
  return found;
}

/** With the stretch from `start_s` to `end_s` cut wherever it is heard. */
export function without(timeline, start_s, end_s) {
  const spans = timeline.spans.flatMap((one) => [
    ...(one.start_s < start_s ? [{ ...one, end_s: Math.min(one.end_s, start_s) }] : []),
    ...(one.end_s > end_s ? [{ ...one, start_s: Math.max(one.start_s, end_s) }] : []),
  ]);
  return withSpans(timeline, spans);
}

/** With a stretch that is cut brought back before what follows it in the recording. */
export function withBack(timeline, start_s, end_s) {
  const { spans } = timeline;
  const after = spans.findIndex((one) => Math.abs(one.start_s - end_s) < TOUCHING_S);
  const before = spans.findLastIndex((one) => Math.abs(one.end_s - start_s) < TOUCHING_S);
  const later = spans.findIndex((one) => one.start_s > start_s);
  const at = before >= 0 ? before + 1 : after >= 0 ? after : later >= 0 ? later : spans.length;
  return withSpans(timeline, spans.toSpliced(at, 0, { start_s, end_s, gain_db: 0 }));
}

/**
 * With one edge of the span number `index` moved; it stays within the recording, and where spans run
 * in order, clear of its neighbours.
 * @param {"start_s"|"end_s"} edge
 */
export function withEdge(timeline, index, edge, s, duration_s) {
  const span = timeline.spans[index];
  let low = 0;
  let high = duration_s;
  for (const [at, other] of timeline.spans.entries()) {
    if (at < index && other.end_s <= span.start_s + TOUCHING_S) low = Math.max(low, other.end_s);
    if (at > index && other.start_s >= span.end_s - TOUCHING_S) high = Math.min(high, other.start_s);
  }
  if (edge === "start_s") high = span.end_s - SHORTEST_S;
  else low = span.start_s + SHORTEST_S;
  const moved = { ...span, [edge]: Math.max(low, Math.min(high, s)) };
  return { ...timeline, spans: timeline.spans.with(index, moved) };
}

/** Spans of which none is empty and neighbours that go on from each other are one; null if none. */
function withSpans(timeline, spans) {
  const joined = [];
  for (const span of spans) {
    const last = joined.at(-1);
    const alike = last && last.gain_db === span.gain_db && speedOf(last) === speedOf(span);
    const same = alike && !gapOf(span);
    if (span.end_s - span.start_s < TOUCHING_S) continue;
    if (same && Math.abs(last.end_s - span.start_s) < TOUCHING_S) {
      joined.splice(-1, 1, { ...last, end_s: span.end_s });
    } else joined.push(span);
  }
  return joined.length > 0 ? { ...timeline, spans: joined } : null;
}
