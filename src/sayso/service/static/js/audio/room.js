/**
 * The impulse response of the room that renders use, so that the preview rings like the render.
 *
 * Eight damped combs in parallel and four all-passes in a row for each ear; the delays are those
 * of Jezar's Freeverb (public domain), at 44.1 kHz, the right ear's 23 samples longer.
 */

const COMBS = [1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617];
const ALLPASSES = [556, 441, 341, 225];
const SPREAD = 23;
const DAMPING = 0.4 * 0.4;
const SMALLEST = 0.4;
const LARGEST = 0.9;
const LONGEST_S = 6;

function comb(delay, feedback, frames) {
  const out = new Float64Array(frames);
  // y[n] = x[n - d] + feedback * lowpass(y)[n - d], for an impulse x.
  let low = 0;
  if (delay < frames) out[delay] = 1;
  for (let n = delay; n + delay < frames; n += 1) {
    low = out[n] * (1 - DAMPING) + low * DAMPING;
    out[n + delay] += feedback * low;
  }
  return out;
}

function allpass(sound, delay) {
  const line = new Float64Array(delay);
  for (let n = 0, at = 0; n < sound.length; n += 1, at = at + 1 === delay ? 0 : at + 1) {
    const late = line[at];
    line[at] = sound[n] + 0.5 * late;
    sound[n] = late - sound[n];
  }
}

function ear(spread, feedback, sampleRate, frames) {
  const scaled = (delay) => Math.floor(((delay + spread) * sampleRate) / 44100);
  const sum = new Float64Array(frames);
  for (const delay of COMBS) {
    const ringing = comb(scaled(delay), feedback, frames);
    for (let n = 0; n < frames; n += 1) sum[n] += ringing[n];
  }
  for (const delay of ALLPASSES) allpass(sum, scaled(delay));
  return sum;
}

/**
 * Left and right response to an impulse on both channels, of unit energy on average.
 * @param {number} amount 0 to 1: the size of the room
 * @param {number} sampleRate in Hz
 * @returns {Float32Array[]} as long as the room can be heard, at most six seconds
 */
export function impulseResponse(amount, sampleRate) {
  const size = SMALLEST + (LARGEST - SMALLEST) * amount;
  const frames = Math.round(LONGEST_S * sampleRate);
  const ears = [0, SPREAD].map((spread) => ear(spread, 0.7 + 0.28 * size, sampleRate, frames));
  let energy = 0;
  let peak = 0;
  for (const sound of ears) {
    for (const sample of sound) {
      energy += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
  }
  let length = frames;
  const audible = peak * 1e-4;
  while (length > 1 && ears.every((sound) => Math.abs(sound[length - 1]) < audible)) length -= 1;
  const scale = 1 / Math.sqrt(energy / ears.length);
  return ears.map((sound) => Float32Array.from(sound.subarray(0, length), (x) => x * scale));
}
