/**
 * Tapes: sound on the server, read in pieces while it plays, so that a song starts at once and
 * ten hours need no more memory than ten minutes.
 *
 * Whatever can be played has `frames`, `block(start, frames)`, a promise of one Float32Array a
 * channel, silent beyond the end, and `fetch(start, frames)`, which has it ready for later.
 */

import { Turns } from "./turns.js";

const CHUNK_S = 1.5;
const FADE_S = 0.03;
const CACHE_BYTES = 192 * 1024 * 1024;

const turns = new Turns();

/** Chunks of all tapes, the one used last at the end; the oldest go when there are too many. */
class Chunks {
  #kept = new Map();
  #bytes = 0;

  /** @param {boolean} soon whether it is played next */
  get(key, soon, load) {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      if (soon) known.hurry();
      return known.promise;
    }
    const { promise, hurry } = turns.take(load);
    const entry = { promise, hurry, bytes: 0 };
    if (soon) hurry();
    this.#kept.set(key, entry);
    promise.then(
      (channels) => this.#weigh(entry, channels.length * channels[0].byteLength),
      () => this.#kept.delete(key),
    );
    return promise;
  }

  #weigh(entry, bytes) {
    entry.bytes = bytes;
    this.#bytes += bytes;
    for (const [key, oldest] of this.#kept) {
      if (this.#bytes <= CACHE_BYTES || oldest === entry) return;
      this.#kept.delete(key);
      this.#bytes -= oldest.bytes;
    }
  }
}

const chunks = new Chunks();
let opened = 0;

/** A recording or a track, read in chunks that are files of their own. */
export class Tape {
  #read;
  #shape;
  #chunkFrames;
  #id = (opened += 1);

  /**
   * @param {{frames: number, channels: number, sampleRate: number}} shape
   * @param {(start: number, frames: number) => Promise<{bytes: ArrayBuffer, gain: number}>} read
   *   a file of these frames, to be made louder by `gain`
   */
  constructor(shape, read) {
    this.#shape = shape;
    this.#read = read;
    this.#chunkFrames = 2 ** Math.round(Math.log2(CHUNK_S * shape.sampleRate));
  }

  get frames() {
    return this.#shape.frames;
  }

  get channels() {
    return this.#shape.channels;
  }

  get sampleRate() {
    return this.#shape.sampleRate;
  }

  async block(start, frames) {
    const out = Array.from({ length: this.channels }, () => new Float32Array(frames));
    const end = Math.min(start + frames, this.frames);
    const wanted = this.#chunksOf(start, end).map(async (index) => {
      return { at: index * this.#chunkFrames, samples: await this.#chunk(index, true) };
    });
    for (const { at, samples } of await Promise.all(wanted)) {
      const from = Math.max(start, at);
      const to = Math.min(end, at + samples[0].length);
      if (to <= from) continue;
      out.forEach((channel, c) => channel.set(samples[c].subarray(from - at, to - at), from - start));
    }
    return out;
  }

  fetch(start, frames) {
    for (const index of this.#chunksOf(start, Math.min(start + frames, this.frames))) {
      // Whoever plays this stretch asks again and meets the error then.
      this.#chunk(index, false).catch(() => {});
    }
  }

  #chunksOf(start, end) {
    const first = Math.floor(start / this.#chunkFrames);
    const last = Math.ceil(end / this.#chunkFrames);
    return Array.from({ length: Math.max(0, last - first) }, (_, step) => first + step);
  }

  #chunk(index, soon) {
    return chunks.get(`${this.#id}:${index}`, soon, async () => {
      const first = index * this.#chunkFrames;
      const frames = Math.min(this.#chunkFrames, this.frames - first);
      const { bytes, gain } = await this.#read(first, frames);
      const decoder = new OfflineAudioContext(this.channels, 1, this.sampleRate);
      const buffer = await decoder.decodeAudioData(bytes);
      if (buffer.length !== frames) throw new Error(`${buffer.length} frames came instead of ${frames}`);
      return Array.from({ length: this.channels }, (_, channel) => {
        const samples = buffer.getChannelData(channel);
        if (gain !== 1) for (let i = 0; i < frames; i += 1) samples[i] *= gain;
        return samples;
      });
    });
  }
}

/** The beginning of a longer sound, which fades into the silence after it. */
export class Opening {
  #tape;

  /**
   * @param {Tape} tape the beginning
   * @param {number} frames of the whole
   */
  constructor(tape, frames) {
    this.#tape = tape;
    this.frames = frames;
  }

  async block(start, frames) {
    const out = await this.#tape.block(start, frames);
    const length = FADE_S * this.#tape.sampleRate;
    const first = Math.max(0, Math.floor(this.#tape.frames - length) - start);
    for (const channel of out) {
      for (let i = first; i < frames; i += 1) channel[i] *= Math.max(0, (this.#tape.frames - start - i) / length);
    }
    return out;
  }

  fetch(start, frames) {
    this.#tape.fetch(start, frames);
  }
}

/** Silence of the length of a sound. */
export class Silence {
  #like;

  constructor(like) {
    this.#like = like;
  }

  get frames() {
    return this.#like.frames;
  }

  async block(start, frames) {
    return (await this.#like.block(start, 1)).map(() => new Float32Array(frames));
  }

  fetch() {}
}

/** What is left of a sound without some of its parts: "no vocals", or the rest of the mix. */
export class Difference {
  #whole;
  #parts;

  constructor(whole, parts) {
    this.#whole = whole;
    this.#parts = parts;
  }

  get frames() {
    return this.#whole.frames;
  }

  async block(start, frames) {
    const [whole, ...parts] = await Promise.all(
      [this.#whole, ...this.#parts].map((sound) => sound.block(start, frames)),
    );
    for (const part of parts) {
      whole.forEach((channel, c) => {
        const taken = part[Math.min(c, part.length - 1)];
        for (let i = 0; i < frames; i += 1) channel[i] -= taken[i];
      });
    }
    return whole;
  }

  fetch(start, frames) {
    for (const sound of [this.#whole, ...this.#parts]) sound.fetch(start, frames);
  }
}
