/**
 * Tapes: sound on the server, read in pieces while it plays, so that a song starts at once and
 * ten hours need no more memory than ten minutes.
 *
 * Whatever can be played has `frames`, `block(start, frames)`, a promise of one Float32Array a
 * channel, silent beyond the end, and `fetch(start, frames)`, which has it ready for later.
 */

import { HEADER_BYTES, decode, parseHeader } from "./wav.js";

const CHUNK_FRAMES = 1 << 17;
const CACHE_BYTES = 192 * 1024 * 1024;

/** Chunks of all tapes, the one used last at the end; the oldest go when there are too many. */
class Chunks {
  #kept = new Map();
  #bytes = 0;

  get(key, load) {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.promise;
    }
    const entry = { promise: load(), bytes: 0 };
    this.#kept.set(key, entry);
    entry.promise.then(
      (channels) => this.#weigh(entry, channels.length * channels[0].byteLength),
      () => this.#kept.delete(key),
    );
    return entry.promise;
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

/** A WAV file that is read by ranges of bytes. */
export class Tape {
  #read;
  #layout;
  #id = (opened += 1);

  /**
   * @param {(first: number, last: number) => Promise<ArrayBuffer>} read bytes, `last` included
   */
  static async open(read) {
    return new Tape(read, parseHeader(await read(0, HEADER_BYTES - 1)));
  }

  constructor(read, layout) {
    this.#read = read;
    this.#layout = layout;
  }

  get frames() {
    return this.#layout.frames;
  }

  get channels() {
    return this.#layout.channels;
  }

  get sampleRate() {
    return this.#layout.sampleRate;
  }

  async block(start, frames) {
    const out = Array.from({ length: this.channels }, () => new Float32Array(frames));
    const end = Math.min(start + frames, this.frames);
    const wanted = [];
    for (let index = Math.floor(start / CHUNK_FRAMES); index * CHUNK_FRAMES < end; index += 1) {
      wanted.push(this.#chunk(index).then((samples) => ({ at: index * CHUNK_FRAMES, samples })));
    }
    for (const { at, samples } of await Promise.all(wanted)) {
      const from = Math.max(start, at);
      const to = Math.min(end, at + samples[0].length);
      if (to <= from) continue;
      out.forEach((channel, c) => channel.set(samples[c].subarray(from - at, to - at), from - start));
    }
    return out;
  }

  fetch(start, frames) {
    const end = Math.min(start + frames, this.frames);
    for (let index = Math.floor(start / CHUNK_FRAMES); index * CHUNK_FRAMES < end; index += 1) {
      // Whoever plays this stretch asks again and meets the error then.
      this.#chunk(index).catch(() => {});
    }
  }

  #chunk(index) {
    return chunks.get(`${this.#id}:${index}`, async () => {
      const { offset, channels, bits } = this.#layout;
      const frameBytes = (channels * bits) / 8;
      const first = index * CHUNK_FRAMES;
      const last = Math.min(first + CHUNK_FRAMES, this.frames);
      const bytes = await this.#read(offset + first * frameBytes, offset + last * frameBytes - 1);
      return decode(bytes, this.#layout);
    });
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
