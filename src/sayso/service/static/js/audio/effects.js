/**
 * Effects in the browser's audio graph, worked out as the renders are, so that a knob is heard at
 * once and the render holds no surprise.
 *
 * `make(effect, context)` gives `{input, output, set(effect)}`, or null for what only a render can
 * do: transposition, tempo, compression and levelling.
 */

import { impulseResponse } from "./room.js";

const GLIDE_S = 0.012;
const MOST_ECHOES = 96;
const INAUDIBLE = 1e-3;
// Butterworth of the fourth order as two sections.
const SECTIONS = [0.541196100146197, 1.306562964876376];

const factor = (db) => 10 ** (db / 20);

/** Moves a parameter without a click; at once where the clock has not begun to run. */
export function glide(parameter, value, context) {
  parameter.cancelScheduledValues(context.currentTime);
  if (context.currentTime === 0) parameter.value = value;
  else parameter.setTargetAtTime(value, context.currentTime, GLIDE_S);
}

function gain(effect, context) {
  const node = new GainNode(context, { gain: factor(effect.db) });
  return { input: node, output: node, set: ({ db }) => glide(node.gain, factor(db), context) };
}

/**
 * What maps left and right to the panned left and right, as [[ll, lr], [rl, rr]].
 * @param {number} position -1 to 1
 */
export function panMatrix(position) {
  const angle = ((position + 1) * Math.PI) / 4;
  const [left, right] = [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)];
  const width = Math.min(left, right);
  return [
    [(left + width) / 2, (left - width) / 2],
    [(right - width) / 2, (right + width) / 2],
  ];
}

/** What maps [left, right] to a stereo image so many times as wide, as the render has it. */
const widthMatrix = (amount) => [
  [(1 + amount) / 2, (1 - amount) / 2],
  [(1 - amount) / 2, (1 + amount) / 2],
];

const pan = (effect, context) => matrix(({ position }) => panMatrix(position), effect, context);
const width = (effect, context) => matrix(({ amount }) => widthMatrix(amount), effect, context);

/** The nodes of an effect that maps [left, right] to [left, right] as `rows` says. */
function matrix(rows, effect, context) {
  const stereo = { channelCount: 2, channelCountMode: "explicit" };
  const input = new GainNode(context, stereo);
  const split = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
  const merge = new ChannelMergerNode(context, { numberOfInputs: 2 });
  input.connect(split);
  const cells = rows(effect).map((row, to) =>
    row.map((value, from) => {
      const node = new GainNode(context, { gain: value });
      split.connect(node, from).connect(merge, 0, to);
      return node;
    }),
  );
  const set = (next) =>
    rows(next).forEach((row, to) =>
      row.forEach((value, from) => glide(cells[to][from].gain, value, context)),
    );
  return { input, output: merge, set };
}

function eq(effect, context) {
  const node = new BiquadFilterNode(context, {
    type: "peaking",
    frequency: effect.frequency_hz,
    gain: effect.gain_db,
    Q: effect.q,
  });
  const set = (next) => {
    glide(node.frequency, next.frequency_hz, context);
    glide(node.gain, next.gain_db, context);
    glide(node.Q, next.q, context);
  };
  return { input: node, output: node, set };
}

function edge(type, frequency, context) {
  const nodes = SECTIONS.map(
    (q) => new BiquadFilterNode(context, { type, frequency, Q: 20 * Math.log10(q) }),
  );
  nodes[0].connect(nodes[1]);
  const set = (hz) => nodes.forEach((node) => glide(node.frequency, hz, context));
  return { input: nodes[0], output: nodes[1], set };
}

function filter(effect, context) {
  if (effect.type !== "bandpass") {
    const one = edge(effect.type, effect.cutoff_hz, context);
    return { ...one, set: ({ cutoff_hz: hz }) => one.set(hz) };
  }
  const low = edge("highpass", effect.low_hz, context);
  const high = edge("lowpass", effect.high_hz, context);
  low.output.connect(high.input);
  const set = (next) => {
    low.set(next.low_hz);
    high.set(next.high_hz);
  };
  return { input: low.input, output: high.output, set };
}

/** Dry plus wet: what both the room and the echo are. */
function added(context, wet, level) {
  const input = new GainNode(context);
  const output = new GainNode(context);
  const amount = new GainNode(context, { gain: level });
  input.connect(output);
  input.connect(wet.input);
  wet.output.connect(amount).connect(output);
  return { input, output, amount: amount.gain };
}

function reverb(effect, context) {
  // The room hears the middle of both channels and answers with two.
  const middle = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
  const room = new ConvolverNode(context, { disableNormalization: true });
  const build = (amount) => {
    const ears = impulseResponse(amount, context.sampleRate);
    const options = { length: ears[0].length, numberOfChannels: 2, sampleRate: context.sampleRate };
    const buffer = new AudioBuffer(options);
    ears.forEach((ear, channel) => buffer.copyToChannel(ear, channel));
    room.buffer = buffer;
  };
  middle.connect(room);
  build(effect.amount);
  const both = added(context, { input: middle, output: room }, effect.amount);
  let later = 0;
  const set = ({ amount }) => {
    glide(both.amount, amount, context);
    clearTimeout(later);
    later = setTimeout(build, 150, amount);
  };
  return { input: both.input, output: both.output, set };
}

/** How many echoes can be told from silence, up to a bound. */
function echoes(feedback) {
  if (feedback <= 0) return 1;
  return Math.min(MOST_ECHOES, Math.ceil(Math.log(INAUDIBLE) / Math.log(feedback)) + 1);
}

function delay(effect, context) {
  // Whole samples, as a render has them; and one line after another, since a loop of nodes takes
  // a block longer in some browsers.
  const delayTime = Math.floor(effect.time_s * context.sampleRate) / context.sampleRate;
  const input = new GainNode(context);
  const output = new GainNode(context);
  let last = input;
  for (let left = echoes(effect.feedback); left > 0; left -= 1) {
    const line = new DelayNode(context, { maxDelayTime: delayTime, delayTime });
    const next = new GainNode(context, { gain: effect.feedback });
    last.connect(line).connect(output);
    line.connect(next);
    last = next;
  }
  const both = added(context, { input, output }, effect.mix);
  const set = ({ mix }) => glide(both.amount, mix, context);
  return { input: both.input, output: both.output, set };
}

const MAKERS = { gain, pan, width, eq, filter, reverb, delay };

/** What cannot change within one effect's nodes: where it differs, others are made. */
export function kindOf({ effect, type, frequency_hz: hz, time_s: time, feedback }) {
  return [effect, type, hz, time, feedback].join("/");
}

/** Whether the browser can do this effect while it plays. */
export const isLive = (effect) => effect.effect in MAKERS && !effect.span;

/** The nodes of one effect; see the module. */
export function make(effect, context) {
  return isLive(effect) ? MAKERS[effect.effect](effect, context) : null;
}
