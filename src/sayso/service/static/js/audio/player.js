/**
 * Plays any number of lanes in step, to the sample: every piece of every lane is planned against
 * the audio clock before its time comes. Loops, jumps and new lanes are changes of the plan; loops
 * and new lanes take over in the middle of a sound without a gap.
 *
 * Frames count from the beginning of the lanes, ticks are frames of the audio clock.
 */

const BLOCK_FRAMES = 1 << 15;
const FETCH_FRAMES = 8 * BLOCK_FRAMES;
const READY_FRAMES = 4 * BLOCK_FRAMES; // fetched before anybody plays
const AHEAD_S = 2.5;
const MARGIN_S = 0.08;
const TAKE_OVER_S = 0.2;
const FADE_S = 0.02;
const CHECK_MS = 120;
const PATIENCE_MS = 150;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Player extends EventTarget {
  #context;
  #rate;
  #gate;
  #lanes = [];
  #frames = 0;
  #loop = null;
  #at = 0;
  #playing = false;
  #spans = []; // {tick, from, to}: what was planned for when
  #next = null; // {frame, tick}: where the plan goes on
  #nodes = new Set();
  #leaving = null; // nodes of the plan before, which play until this one takes over
  #turn = 0;
  #isWaiting = false;
  #late = 0;

  /**
   * @param {BaseAudioContext} context at the rate of the lanes
   * @param {AudioParam} gate a gain behind all lanes, closed while nothing should be heard
   */
  constructor(context, gate) {
    super();
    this.#context = context;
    this.#rate = context.sampleRate;
    this.#gate = gate;
  }

  get playing() {
    return this.#playing;
  }

  /** Whether it plays, but is silent until more has come. */
  get isWaiting() {
    return this.#isWaiting;
  }

  get frames() {
    return this.#frames;
  }

  /**
   * What to play from now on; goes on from where it is.
   * @param {{sound: {frames: number, block: Function, fetch: Function}, node: AudioNode}[]} lanes
   */
  load(lanes) {
    this.#lanes = lanes;
    this.#frames = Math.max(0, ...lanes.map(({ sound }) => sound.frames));
    this.#at = Math.min(this.#at, Math.max(0, this.#frames - 1));
    if (!this.#playing) this.#fetch(this.#at, READY_FRAMES);
    this.#takeOver();
  }

  /** The frame that is heard now. */
  position() {
    if (!this.#playing) return this.#at;
    return this.#frameAt(this.#now() - (this.#context.outputLatency || 0) * this.#rate);
  }

  async play() {
    if (this.#playing || this.#frames === 0) return;
    this.#playing = true;
    await this.#context.resume();
    if (this.#at >= this.#frames - 1) this.#at = 0;
    this.#restart();
    this.#tell("state");
  }

  pause() {
    if (!this.#playing) return;
    this.#at = this.position();
    this.#playing = false;
    this.#stop();
    this.#tell("state");
  }

  /** @param {number} frame */
  seek(frame) {
    this.#at = Math.max(0, Math.min(Math.round(frame), this.#frames - 1));
    if (this.#playing) this.#restart();
  }

  /** @param {{start: number, end: number}|null} loop in frames */
  setLoop(loop) {
    if (loop?.start === this.#loop?.start && loop?.end === this.#loop?.end) return;
    this.#loop = loop;
    this.#takeOver();
  }

  #now() {
    return this.#context.currentTime * this.#rate;
  }

  #frameAt(tick) {
    const span = this.#spans.findLast((planned) => planned.tick <= tick);
    if (!span) return this.#spans[0]?.from ?? this.#at;
    return Math.min(span.from + tick - span.tick, span.to);
  }

  #stop() {
    this.#turn += 1;
    this.#wait(false);
    const now = this.#context.currentTime;
    this.#gate.cancelScheduledValues(now);
    this.#gate.setTargetAtTime(0, now, FADE_S / 5);
    for (const node of [...this.#nodes, ...(this.#leaving ?? [])]) node.stop(now + FADE_S);
    this.#nodes = new Set();
    this.#leaving = null;
    this.#spans = [];
  }

  /** Begins at `#at`, as soon as it is there. */
  #restart() {
    this.#stop();
    this.#next = { frame: Math.round(this.#at), tick: 0 };
    this.#plan(this.#turn);
  }

  /** Plans anew from a moment that is near; until then the old plan is heard. */
  #takeOver() {
    if (!this.#playing) return;
    if (this.#spans.length === 0) {
      this.#restart();
      return;
    }
    this.#turn += 1;
    this.#leaving = new Set([...this.#nodes, ...(this.#leaving ?? [])]);
    this.#nodes = new Set();
    this.#meet();
    this.#plan(this.#turn);
  }

  #meet() {
    const tick = Math.ceil(this.#now() + TAKE_OVER_S * this.#rate);
    const frame = Math.min(Math.round(this.#frameAt(tick)), this.#frames - 1);
    this.#next = { frame, tick };
  }

  async #plan(turn) {
    while (turn === this.#turn) {
      const stretch = this.#stretch();
      if (stretch === null) {
        if (this.#now() >= this.#next.tick) this.#finish();
        else await sleep(CHECK_MS / 4);
      } else if (this.#next.tick - this.#now() > AHEAD_S * this.#rate) {
        await sleep(CHECK_MS);
      } else {
        await this.#add(stretch, turn);
      }
    }
  }

  /** The stretch to plan next, up to the end of the loop or of the sound; null at the end. */
  #stretch() {
    let { frame } = this.#next;
    let end = this.#frames;
    if (this.#loop !== null && frame <= this.#loop.end) {
      end = Math.min(end, this.#loop.end);
      if (frame >= end) frame = this.#loop.start;
    }
    const to = Math.min(end, frame + BLOCK_FRAMES);
    return to > frame ? { from: frame, to } : null;
  }

  async #add({ from, to }, turn) {
    let blocks;
    try {
      const wanted = this.#lanes.map(({ sound }) => sound.block(from, to - from));
      this.#fetch(to, FETCH_FRAMES);
      this.#watch();
      blocks = await Promise.all(wanted);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
      return;
    }
    if (turn !== this.#turn) return;
    this.#wait(false);
    const soonest = Math.ceil(this.#now() + MARGIN_S * this.#rate);
    if (this.#leaving !== null && this.#next.tick < soonest) {
      this.#meet(); // too late to take over there; what was read is at hand for the next try
      return;
    }
    const tick = Math.max(this.#next.tick, soonest);
    this.#open(tick);
    blocks.forEach((channels, lane) => this.#start(channels, this.#lanes[lane].node, tick));
    this.#spans = this.#spans.filter((span, at, all) => (all[at + 1]?.tick ?? tick) > this.#now());
    this.#spans.push({ tick, from, to });
    this.#next = { frame: to, tick: tick + to - from };
  }

  /** Has what comes next fetched, what is played earlier first. */
  #fetch(from, frames) {
    for (let at = from; at < from + frames; at += BLOCK_FRAMES) {
      for (const { sound } of this.#lanes) sound.fetch(at, BLOCK_FRAMES);
    }
  }

  /** Says that it waits, if the next piece is not there in time. */
  #watch() {
    clearTimeout(this.#late);
    const left_ms = (1000 * (this.#next.tick - this.#now())) / this.#rate;
    this.#late = setTimeout(() => this.#wait(true), Math.max(PATIENCE_MS, left_ms));
  }

  #wait(isWaiting) {
    clearTimeout(this.#late);
    if (isWaiting === this.#isWaiting) return;
    this.#isWaiting = isWaiting;
    this.#tell("state");
  }

  /** The plan's first piece: the one before ends, or silence does. */
  #open(tick) {
    if (this.#leaving !== null) {
      for (const node of this.#leaving) node.stop(tick / this.#rate);
      this.#leaving = null;
      this.#spans = this.#spans.filter((span) => span.tick < tick);
    } else if (this.#spans.length === 0) {
      this.#gate.setTargetAtTime(1, tick / this.#rate - MARGIN_S / 8, FADE_S / 10);
    }
  }

  #start(channels, node, tick) {
    const options = { length: channels[0].length, numberOfChannels: channels.length };
    const buffer = new AudioBuffer({ ...options, sampleRate: this.#rate });
    channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(node);
    source.start(tick / this.#rate);
    this.#nodes.add(source);
    source.onended = () => {
      source.disconnect();
      this.#nodes.delete(source);
    };
  }

  #finish() {
    this.#playing = false;
    this.#at = 0;
    this.#stop();
    this.#tell("state");
  }

  #fail(error) {
    this.pause();
    this.dispatchEvent(new CustomEvent("error", { detail: error }));
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
