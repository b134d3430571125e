/**
 * What a person hears of a session: tapes, mixer and player, the original or the desk, the loop.
 *
 * Events: "change" when any of it did; "problem" with an error as detail.
 */

import * as api from "./api.js";
import { Cutting } from "./audio/cutting.js";
import { Mixer } from "./audio/mixer.js";
import { Player } from "./audio/player.js";
import { askedOf, isHeard, needsRender, together } from "./audio/routing.js";
import { Difference, Opening, Silence, Tape } from "./audio/tape.js";
import { MIX, REST, complementOf, isSound, stripOf } from "./desk.js";
import { heardAt, sourceAt } from "./timeline.js";

export const ORIGINAL = "original";
export const YOURS = "yours";
/** All that the desk delivers besides the mix, together. */
export const ASKED = "asked";

export class Listening extends EventTarget {
  #session;
  #context;
  #mixer;
  #player;
  #tapes = new Map(); // url -> Tape
  #lost = new Set(); // addresses of tracks that were no longer there
  #loaded = "";
  #apart = false;
  #cuts;
  #timeline = null; // what the lanes that are loaded are cut by
  #openings = new WeakMap(); // tape -> Opening
  #cuttings = new WeakMap(); // tape -> {timeline, sound}
  #changed = () => this.#sync();
  #chosen = null; // what a hand chose to hear, until something else is asked for
  #askedFor = "";
  #desks = new WeakMap(); // desk -> what is heard of it, by output
  side = YOURS;
  loop = null;
  volume = 1;

  /**
   * @param {Session} session
   * @param {Cuts} cuts
   */
  constructor(session, cuts) {
    super();
    this.#session = session;
    this.#cuts = cuts;
    this.#context = new AudioContext({ sampleRate: session.source.sample_rate });
    this.#mixer = new Mixer(this.#context);
    this.#player = new Player(this.#context, this.#mixer.gate);
    this.#player.addEventListener("state", () => this.#tell());
    this.#player.addEventListener("error", ({ detail }) => this.#fail(detail));
    session.addEventListener("change", this.#changed);
    cuts.addEventListener("change", this.#changed);
    this.#sync();
  }

  close() {
    this.#session.removeEventListener("change", this.#changed);
    this.#cuts.removeEventListener("change", this.#changed);
    this.#player.pause();
    this.#context.close();
  }

  // Transport

  get playing() {
    return this.#player.playing;
  }

  /** Whether it plays, but is silent until more has come. */
  get isWaiting() {
    return this.#player.isWaiting;
  }

  /** The moment of the recording that is heard; of a render that is apart, its own. */
  get position_s() {
    const heard_s = this.#player.position() / this.#context.sampleRate;
    return this.#timeline === null ? heard_s : sourceAt(this.#timeline, heard_s);
  }

  get duration_s() {
    if (this.#timeline !== null) return this.#session.source.duration_s;
    return this.#player.frames / this.#context.sampleRate || this.#session.source.duration_s;
  }

  async toggle() {
    if (this.playing) this.#player.pause();
    else await this.#player.play();
  }

  seek(seconds) {
    this.#player.seek(this.#frameOf(Math.min(seconds, this.duration_s)));
    this.#tell();
  }

  /** Plays the result from `heard_s` of its own time on. */
  async playFrom(heard_s) {
    if (this.side === ORIGINAL) this.compare(YOURS);
    this.#player.seek(Math.max(0, heard_s) * this.#context.sampleRate);
    if (!this.playing) await this.#player.play();
    this.#tell();
  }

  /** The moment of the result that is heard. */
  get heard_s() {
    return this.#player.position() / this.#context.sampleRate;
  }

  /** When a moment of the ruler is heard. */
  heardAt(s) {
    return this.#timeline === null ? s : heardAt(this.#timeline, s);
  }

  /** Where in the lanes a moment is heard. */
  #frameOf(s) {
    return this.heardAt(s) * this.#context.sampleRate;
  }

  /** @param {{start_s: number, end_s: number, on: boolean}|null} loop */
  setLoop(loop) {
    this.loop = loop;
    this.#loopLanes();
    this.#tell();
  }

  #loopLanes() {
    const on = this.loop !== null && this.loop.on;
    const [start, end] = on ? [this.loop.start_s, this.loop.end_s].map((s) => Math.round(this.#frameOf(s))) : [0, 0];
    this.#player.setLoop(end > start ? { start, end } : null);
  }

  // What is heard

  /** Whether the browser plays the desk by itself, a render of it, or nothing exact yet. */
  get heard() {
    if (this.side === ORIGINAL) return ORIGINAL;
    if (this.missing.length === 0) return "live";
    return this.#rendered() ? "rendered" : "preview";
  }

  /** Whether a render is heard that has a time of its own: cut, or at another tempo. */
  get isApart() {
    return this.#apart;
  }

  /** What only a render can do and the desk asks for. */
  get missing() {
    const reasons = needsRender(this.desk);
    return this.#cuts.isPlayable ? reasons.filter((reason) => reason !== "cuts") : reasons;
  }

  /** Whether cuts are heard that are not on the desk yet. */
  get isDraft() {
    return this.#cuts.draft !== null && this.side === YOURS;
  }

  /** Whether the strip of `target` is part of what the desk gives. */
  isHeard(target) {
    return isHeard(this.desk, target);
  }

  /** What there is to choose from: the mix, and what is asked for. */
  get outputs() {
    return this.asked.length > 0 ? [MIX, ASKED] : [MIX];
  }

  /** The tracks that are asked for besides the mix. */
  get asked() {
    return askedOf(this.#session.desk);
  }

  /** What is chosen of `outputs`: what is asked for, unless a hand chose otherwise. */
  get output() {
    if (this.#chosen !== null && this.outputs.includes(this.#chosen)) return this.#chosen;
    return this.#session.desk.deliver.includes(MIX) ? MIX : ASKED;
  }

  /** The desk whose mix is heard. */
  get desk() {
    const { desk } = this.#session;
    if (this.output === MIX && desk.deliver.includes(MIX)) return desk;
    const known = this.#desks.get(desk) ?? {};
    known[this.output] ??= this.output === MIX ? { ...desk, deliver: [MIX] } : together(desk);
    this.#desks.set(desk, known);
    return known[this.output];
  }

  /** The render of what is heard, whatever its state, or null. */
  get render() {
    return this.#session.renderOf(this.desk);
  }

  /**
   * Turns mute or solo of a strip over, from how it sounds now: where what is asked for is heard,
   * that becomes the solos of the mix.
   * @param {"mute"|"solo"} which
   */
  turn(target, which) {
    const value = !stripOf(this.desk, target)[which];
    if (this.output === MIX) {
      this.#session.set(target, { [which]: value });
      return;
    }
    const { strips } = this.desk;
    const turned = { ...strips, [target]: { ...stripOf(this.desk, target), [which]: value } };
    const flags = Object.entries(turned).filter(([name]) => name !== MIX);
    this.#session.listenTo(Object.fromEntries(flags.map(([name, { mute, solo }]) => [name, { mute, solo }])));
  }

  compare(side = this.side === ORIGINAL ? YOURS : ORIGINAL) {
    this.side = side;
    this.#sync();
  }

  choose(output) {
    this.#chosen = output;
    this.#sync();
  }

  listenAt(volume) {
    this.volume = volume;
    this.#mixer.listenAt(volume);
  }

  /** The level behind the strip of `target`, or, without one, on the way to the speakers. */
  peak(target) {
    return target === undefined ? this.#mixer.peak() : this.#mixer.stripPeak(target);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }

  #fail(error) {
    // A render that is gone can be made again; one that stays away is said.
    if (error.status === 404 && !this.#lost.has(error.url)) {
      this.#lost.add(error.url);
      this.#session.reload();
      return;
    }
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  /** @param {{url: string, frames: number, channels: number, sample_rate: number}} track */
  #tape({ url, frames, channels, sample_rate: sampleRate }) {
    if (!this.#tapes.has(url)) {
      const read = api.reader(url);
      const load = (start, count) =>
        read(start, count).catch((error) => {
          throw Object.assign(error, { url });
        });
      this.#tapes.set(url, new Tape({ frames, channels, sampleRate }, load));
    }
    return this.#tapes.get(url);
  }

  #rendered() {
    if (this.missing.length === 0 || this.#cuts.draft !== null) return null;
    const track = this.render?.tracks.find(({ target }) => target === MIX);
    return track ? this.#tape(track) : null;
  }

  #sync() {
    this.#followAsking();
    const source = this.#tape(this.#session.source);
    const rendered = this.#rendered();
    const before = this.#timeline;
    const wasApart = this.#apart;
    const at_s = this.position_s;
    const lanes = this.#lanes(source, rendered);
    const loaded = lanes.map(({ id }) => id).join("\n");
    const hear = { side: this.side, rendered: rendered !== null };
    if (loaded !== this.#loaded) {
      this.#loaded = loaded;
      this.#player.load(lanes);
      if (this.#timeline !== before && !this.#apart && !wasApart) {
        // The moment stays, though it is heard at another time; a render has the time of its own.
        this.#player.seek(this.#frameOf(at_s));
        this.#loopLanes();
      }
    }
    this.#mixer.set(this.desk, hear);
    this.#tell();
  }

  /** What is asked for anew is what is heard, whatever a hand chose before. */
  #followAsking() {
    const { desk, lastAsked } = this.#session;
    const askedFor = `${desk.deliver} ${lastAsked}`;
    if (askedFor !== this.#askedFor) this.#chosen = null;
    this.#askedFor = askedFor;
  }

  #lanes(source, rendered) {
    const render = rendered && {
      id: `render ${this.render.id}`,
      sound: rendered,
      node: this.#mixer.render,
    };
    // A render of another length has another time; it cannot run beside the rest.
    const other = rendered !== null && rendered.frames !== source.frames;
    this.#apart = other && this.side === YOURS;
    this.#timeline = this.#apart || this.side === ORIGINAL ? null : this.#cuts.heard;
    if (this.#apart) return [render];
    const cut = this.#timeline === null ? "" : ` ${JSON.stringify(this.#timeline)}`;
    const whole = this.#cut(source);
    const stems = this.#stems(source);
    const parts = [...stems].filter(([name]) => isSound(name)).map(([, sound]) => sound);
    const others = [...stems].filter(([name]) => !isSound(name)).map(([, sound]) => sound);
    const rest = parts.length === 0 ? whole : new Difference(whole, parts);
    const ids = new Map([...stems.keys()].map((name) => [name, `${name} ${this.#trackOf(name).url}`]));
    const all = [...ids.values()];
    // With a "no TARGET" there is more than the recording: what is too much is taken out again.
    const base = others.length === 0 ? null : new Difference(new Silence(whole), others);
    return [
      { id: `original${cut}`, sound: whole, node: this.#mixer.original },
      { id: `rest ${all}`, sound: rest, node: this.#mixer.stem(REST) },
      ...(base ? [{ id: `base ${all}`, sound: base, node: this.#mixer.base }] : []),
      ...[...stems].map(([name, sound]) => ({
        id: `stem ${ids.get(name)}`,
        sound,
        node: this.#mixer.stem(name),
      })),
      ...(render && !other ? [render] : []),
    ];
  }

  /** A tape as it is heard: cut, where the desk cuts. */
  #cut(tape) {
    if (this.#timeline === null) return tape;
    const known = this.#cuttings.get(tape);
    if (known?.timeline === this.#timeline) return known.sound;
    const sound = new Cutting(tape, this.#timeline, this.#context.sampleRate);
    this.#cuttings.set(tape, { timeline: this.#timeline, sound });
    return sound;
  }

  /** The track of a strip's sound, or of its beginning as long as that is all there is. */
  #trackOf(name) {
    const sound = complementOf(name) ?? name;
    return this.#session.stem(sound) ?? this.#session.opening(sound);
  }

  /** A stem as long as the recording, silent where it is not separated yet. */
  #stem(track, source) {
    const tape = this.#tape(track);
    if (tape.frames >= source.frames) return tape;
    if (!this.#openings.has(tape)) this.#openings.set(tape, new Opening(tape, source.frames));
    return this.#openings.get(tape);
  }

  /** The sounds of all strips that are there already, by name. */
  #stems(source) {
    const { strips } = this.desk;
    const all = new Set([...this.#session.strips([]), ...Object.keys(strips)]);
    // Where the rest has a strip on the desk, it holds what has none there.
    const names = [...all].filter((name) => name !== MIX && name !== REST && (!(REST in strips) || name in strips));
    const whole = new Map();
    for (const name of names.map((one) => complementOf(one) ?? one)) {
      const track = this.#trackOf(name);
      if (track) whole.set(name, this.#cut(this.#stem(track, source)));
    }
    const stems = new Map();
    for (const name of names) {
      const leftOut = complementOf(name);
      if (leftOut === null && whole.has(name)) stems.set(name, whole.get(name));
      else if (whole.has(leftOut)) {
        stems.set(name, new Difference(this.#cut(source), [whole.get(leftOut)]));
      }
    }
    return stems;
  }
}
