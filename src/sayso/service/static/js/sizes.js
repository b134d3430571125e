/** How large a file will be. Pure functions. */

const BYTES = { pcm16: 2, pcm24: 3, float32: 4 };
/** kbit/s that can be chosen, by format. */
export const BITRATES = {
  mp3: [128, 192, 256, 320],
  m4a: [96, 128, 192, 256],
  aac: [96, 128, 192, 256],
  opus: [64, 96, 128, 160],
};
/** kbit/s that are chosen at first. */
export const USUAL_BITRATE = { mp3: 192, m4a: 192, aac: 192, opus: 128 };

/**
 * The bytes of a track as a file; null where that cannot be told.
 * @param {{frames: number, channels: number, duration_s: number, peak: number}} track
 * @param {{format: string, encoding: string, bitrate: number|null}} choice `encoding` may be ""
 * @returns {{bytes: number, isMost: boolean}|null} `isMost` where it may be less
 */
export function sizeOf({ frames, channels, duration_s: duration, peak }, { format, encoding, bitrate }) {
  if (bitrate !== null) return { bytes: (duration * bitrate * 1000) / 8, isMost: false };
  if (!["wav", "aiff", "flac"].includes(format)) return null;
  const usual = format === "wav" && peak > 1 ? "float32" : "pcm24";
  return { bytes: frames * channels * BYTES[encoding || usual], isMost: format === "flac" };
}
