/**
 * The desk as an audio graph: original, strips and the rest, master, renders; A/B between them.
 *
 *   source ------------------------- original --.
 *   stems ---- strips --.                       |
 *   base ---------------+-- master ---- yours --+-- gate -- volume -- analyser -- speakers
 *   render -------------------------------------'
 */

import { MIX, stripOf } from "../desk.js";
import { glide } from "./effects.js";
import { isHeard, isSoloed } from "./routing.js";
import { StripNodes, peakOf } from "./strip.js";

export class Mixer {
  #context;
  #strips = new Map();
  #render;
  #sum;
  #base;
  #master;
  #yours;
  #original;
  #gate;
  #volume;
  #meter;

  /** @param {BaseAudioContext} context */
  constructor(context) {
    this.#context = context;
    const bus = () => new GainNode(context);
    this.#sum = bus();
    this.#base = bus();
    this.#render = new GainNode(context, { gain: 0 });
    this.#yours = bus();
    this.#original = bus();
    this.#gate = new GainNode(context, { gain: 0 });
    this.#volume = bus();
    this.#master = new StripNodes(context);
    this.#meter = new AnalyserNode(context, { fftSize: 2048 });
    this.#base.connect(this.#sum);
    this.#sum.connect(this.#master.input);
    this.#master.output.connect(this.#yours);
    this.#yours.connect(this.#gate);
    this.#original.connect(this.#gate);
    this.#render.connect(this.#gate);
    this.#gate.connect(this.#volume);
    this.#volume.connect(this.#meter).connect(context.destination);
  }

  /** Closed while nothing should be heard. */
  get gate() {
    return this.#gate.gain;
  }

  /** Where the original goes in. */
  get original() {
    return this.#original;
  }

  /** Where what is heard as it is goes in, unless a strip is heard alone. */
  get base() {
    return this.#base;
  }

  /** Where a render of the desk goes in. */
  get render() {
    return this.#render;
  }

  /** Where a stem goes in; its strip is made when first asked for. */
  stem(target) {
    if (!this.#strips.has(target)) {
      const nodes = new StripNodes(this.#context);
      nodes.output.connect(this.#sum);
      this.#strips.set(target, nodes);
    }
    return this.#strips.get(target).input;
  }

  /**
   * @param {object} desk whose mix is heard
   * @param {{side: "original"|"yours", rendered: boolean}} hear
   */
  set(desk, { side, rendered }) {
    const set = (node, value) => glide(node.gain, value ? 1 : 0, this.#context);
    const live = side === "yours" && !rendered;
    set(this.#original, side === "original");
    set(this.#yours, live);
    set(this.#base, !isSoloed(desk));
    set(this.#render, side === "yours" && rendered);
    this.#master.set(stripOf(desk, MIX), !stripOf(desk, MIX).mute);
    for (const [target, nodes] of this.#strips) nodes.set(stripOf(desk, target), isHeard(desk, target));
  }

  /** The listener's own volume, 0 to 1: no part of the desk. */
  listenAt(volume) {
    glide(this.#volume.gain, volume, this.#context);
  }

  /** The loudest of the latest samples on the way to the speakers, 1 is full scale. */
  peak() {
    return peakOf(this.#meter);
  }

  /** As `peak`, behind the strip of `target`; "mix" is the master. */
  stripPeak(target) {
    if (target === MIX) return this.#master.peak();
    return this.#strips.get(target)?.peak() ?? 0;
  }
}
