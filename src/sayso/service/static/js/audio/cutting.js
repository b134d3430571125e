/**
 * A sound as a timeline cuts it, read as it is played: the same joins, to the sample, that a render
 * makes.
 */

/**
 * From one sound to another over their whole length at an even power, as matched to how alike they
 * are. Source: Fink, Holters and Zoelzer 2016, as in the render.
 * @param {Float32Array[]} out
 * @param {Float32Array[]} into
 */
export function crossfade(out, into) {
  const length = out[0].length;
  const dot = (a, b) => a.reduce((sum, x, c) => x.reduce((s, y, i) => s + y * b[c][i], sum), 0);
  const energy = Math.sqrt(dot(out, out) * dot(into, into));
  const alike = energy > 0 ? Math.min(Math.max(dot(out, into) / energy, 0), 1) : 0;
  return out.map((leaving, c) => {
    const joined = new Float32Array(length);
    for (let i = 0; i < length; i += 1) {
      const angle = (1 - Math.cos((Math.PI * (i + 0.5)) / length)) * (Math.PI / 4);
      const [fading, rising] = [Math.cos(angle), Math.sin(angle)];
      const even = 1 / Math.sqrt(1 + 2 * alike * fading * rising);
      joined[i] = leaving[i] * fading * even + into[c][i] * rising * even;
    }
    return joined;
  });
}

const silent = (like) => like.map((channel) => new Float32Array(channel.length));

export class Cutting {
  #sound;
  #clips;
  #fade;
  #joins = new Map(); // number of the join -> promise of its samples

  /**
   * @param {{frames: number, block: Function, fetch: Function}} sound
   * @param {{spans: object[], crossfade_s: number, fade_out_s: number}} timeline
   * @param {number} rate of the sound, in Hz
   */
  constructor(sound, timeline, rate) {
    this.#sound = sound;
    let at = 0;
    const half = Math.round(timeline.crossfade_s * rate);
    this.#clips = timeline.spans.map(({ start_s, end_s, gain_db: gain }) => {
      const start = Math.round(start_s * rate);
      const stop = Math.max(start + 1, Math.min(Math.round((end_s ?? Infinity) * rate), sound.frames));
      const clip = { start, stop, at, gain: 10 ** ((gain ?? 0) / 20) };
      at += stop - start;
      return clip;
    });
    this.frames = at;
    this.#fade = Math.round(timeline.fade_out_s * rate);
    const length = (clip) => clip.stop - clip.start;
    this.#clips.forEach((clip, number) => {
      const next = this.#clips[number + 1];
      const last = next === undefined;
      const open = last ? clip.stop < sound.frames : true;
      const shortest = last ? length(clip) : Math.min(length(clip), length(next));
      clip.reach = open ? Math.floor(Math.min(half, shortest) / 2) : 0;
      if (number === 0) clip.rise = clip.start > 0 ? Math.floor(Math.min(half, length(clip)) / 2) : 0;
    });
  }

  async block(start, frames) {
    const parts = [];
    const joins = [];
    const end = Math.min(start + frames, this.frames);
    this.#clips.forEach((clip, number) => {
      const stop = clip.at + clip.stop - clip.start;
      if (clip.at < end && stop > start) parts.push(this.#plain(clip, Math.max(start, clip.at), Math.min(end, stop)));
      const low = stop - clip.reach;
      const high = number + 1 < this.#clips.length ? stop + clip.reach : stop;
      if (clip.reach > 0 && low < end && high > start) joins.push(this.#join(number, low));
      if (number === 0 && clip.rise > 0 && start < clip.rise) joins.push(this.#join(-1, 0));
    });
    // Joins come after the clips that they lie over.
    const found = await Promise.all([...parts, ...joins]);
    const out = Array.from({ length: found[0]?.samples.length ?? 1 }, () => new Float32Array(frames));
    for (const { at, samples } of found) {
      const from = Math.max(start, at);
      const to = Math.min(end, at + samples[0].length);
      if (to > from) out.forEach((channel, c) => channel.set(samples[c].subarray(from - at, to - at), from - start));
    }
    this.#fadeOut(out, start, end);
    return out;
  }

  fetch(start, frames) {
    for (const clip of this.#clips) {
      const low = Math.max(start, clip.at);
      const high = Math.min(start + frames, clip.at + clip.stop - clip.start);
      if (high > low) this.#sound.fetch(clip.start + low - clip.at, high - low);
    }
  }

  async #plain(clip, low, high) {
    return { at: low, samples: await this.#read(clip, clip.start + low - clip.at, high - low) };
  }

  /** The clip's sound from `start` on, silent before the recording begins. */
  async #read(clip, start, frames) {
    const before = Math.max(0, -start);
    let samples = await this.#sound.block(start + before, frames - before);
    if (before > 0) {
      samples = samples.map((channel) => {
        const padded = new Float32Array(frames);
        padded.set(channel, before);
        return padded;
      });
    }
    if (clip.gain !== 1) for (const channel of samples) channel.forEach((x, i) => (channel[i] = x * clip.gain));
    return samples;
  }

  /** The samples around the end of the clip `number`; -1 is the beginning of the first. */
  #join(number, at) {
    if (!this.#joins.has(number)) this.#joins.set(number, this.#make(number));
    return this.#joins.get(number).then((samples) => ({ at, samples }));
  }

  async #make(number) {
    if (number < 0) {
      const [clip] = this.#clips;
      const into = await this.#read(clip, clip.start, clip.rise);
      return crossfade(silent(into), into);
    }
    const clip = this.#clips[number];
    const next = this.#clips[number + 1];
    const { reach } = clip;
    if (next === undefined) {
      const out = await this.#read(clip, clip.stop - reach, reach);
      return crossfade(out, silent(out));
    }
    const [out, into] = await Promise.all([
      this.#read(clip, clip.stop - reach, 2 * reach),
      this.#read(next, next.start - reach, 2 * reach),
    ]);
    return crossfade(out, into);
  }

  #fadeOut(out, start, end) {
    const first = this.frames - this.#fade;
    if (this.#fade === 0 || end <= first) return;
    for (const channel of out) {
      for (let i = Math.max(0, first - start); i < end - start; i += 1) {
        channel[i] *= Math.max(0, Math.min(1, (this.frames - start - i) / this.#fade));
      }
    }
  }
}
