/**
 * The desk as an audio graph: original, strips and the rest, master, renders; A/B between them.
 *
 *   source ------------------------- original --.
 *   stems ---- strips --.                       |
 *   rest ---------------+-- master --.          |
 *                       '- past it --+- yours --+-- gate -- volume -- analyser -- speakers
 *   renders ------------------------------------'
 */

import { MIX, stripOf } from "../desk.js";
import { glide } from "./effects.js";
import { isHeard, isRestHeard } from "./routing.js";
import { StripNodes, peakOf } from "./strip.js";

export class Mixer {
  #context;
  #strips = new Map();
  #renders = new Map();
  #sum;
  #rest;
  #master;
  #past;
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
    this.#rest = bus();
    this.#past = bus();
    this.#yours = bus();
    this.#original = bus();
    this.#gate = new GainNode(context, { gain: 0 });
    this.#volume = bus();
    this.#master = new StripNodes(context);
    this.#meter = new AnalyserNode(context, { fftSize: 2048 });
    this.#rest.connect(this.#sum);
    this.#sum.connect(this.#master.input);
    this.#master.output.connect(this.#yours);
    this.#sum.connect(this.#past).connect(this.#yours);
    this.#yours.connect(this.#gate);
    this.#original.connect(this.#gate);
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

  /** Where what no strip is for goes in. */
  get rest() {
    return this.#rest;
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

  /** Where the rendered track `output` goes in. */
  render(output) {
    if (!this.#renders.has(output)) {
      const node = new GainNode(this.#context, { gain: 0 });
      node.connect(this.#gate);
      this.#renders.set(output, node);
    }
    return this.#renders.get(output);
  }

  /**
   * @param {object} desk
   * @param {{side: "original"|"yours", output: string, rendered: boolean}} hear
   */
  set(desk, { side, output, rendered }) {
    const set = (node, value) => glide(node.gain, value ? 1 : 0, this.#context);
    const live = side === "yours" && !rendered;
    set(this.#original, side === "original");
    set(this.#yours, live);
    set(this.#rest, isRestHeard(desk, output));
    set(this.#past, output !== MIX);
    this.#master.set(stripOf(desk, MIX), output === MIX);
    for (const [target, nodes] of this.#strips) {
      const strip = stripOf(desk, target);
      nodes.set(strip, isHeard(desk, output, target));
    }
    for (const [name, node] of this.#renders) {
      set(node, side === "yours" && rendered && name === output);
    }
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
