/** A strip in the audio graph: the chain of effects, then the fader, then whether it is heard. */

import { glide, isLive, kindOf, make } from "./effects.js";

const SWAP_S = 0.03;
const SWAPPED_MS = 120;

/** The effects of one strip in a row. */
class Chain {
  constructor(effects, context) {
    this.kinds = effects.map(kindOf).join();
    this.parts = effects.map((effect) => make(effect, context));
    this.input = new GainNode(context);
    this.output = new GainNode(context);
    let last = this.input;
    for (const part of this.parts) {
      last.connect(part.input);
      last = part.output;
    }
    last.connect(this.output);
  }
}

export class StripNodes {
  #context;
  #chain = null;
  #fader;
  #heard;
  #meter;

  /** @param {BaseAudioContext} context */
  constructor(context) {
    this.#context = context;
    this.input = new GainNode(context);
    this.#fader = new GainNode(context);
    this.#heard = new GainNode(context, { gain: 0 });
    this.#meter = new AnalyserNode(context, { fftSize: 2048 });
    this.#fader.connect(this.#heard).connect(this.#meter);
    this.output = this.#heard;
  }

  /**
   * @param {{gain_db: number, effects: object[]}} strip as on the desk
   * @param {boolean} heard what mute and solo come to
   */
  set(strip, heard) {
    this.#rechain(strip.effects.filter(isLive));
    glide(this.#fader.gain, 10 ** (strip.gain_db / 20), this.#context);
    glide(this.#heard.gain, heard ? 1 : 0, this.#context);
  }

  /** The loudest sample of the last 2048, 1 is full scale. */
  peak() {
    return peakOf(this.#meter);
  }

  #rechain(effects) {
    const kinds = effects.map(kindOf).join();
    if (this.#chain?.kinds === kinds) {
      this.#chain.parts.forEach((part, at) => part.set(effects[at]));
      return;
    }
    const old = this.#chain;
    const chain = new Chain(effects, this.#context);
    this.input.connect(chain.input);
    chain.output.connect(this.#fader);
    this.#chain = chain;
    if (old === null) return;
    // The old chain leaves while the new one comes, so that nothing clicks.
    const now = this.#context.currentTime;
    chain.output.gain.setValueAtTime(0, now);
    chain.output.gain.linearRampToValueAtTime(1, now + SWAP_S);
    old.output.gain.setValueAtTime(1, now);
    old.output.gain.linearRampToValueAtTime(0, now + SWAP_S);
    setTimeout(() => {
      this.input.disconnect(old.input);
      old.output.disconnect();
    }, SWAPPED_MS);
  }
}

/** The loudest of the samples that an analyser holds. */
export function peakOf(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
