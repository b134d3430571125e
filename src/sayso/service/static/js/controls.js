/**
 * The knobs of a strip: which effect each one stands for, and how its turn becomes a number.
 * Ranges come from the service; what lies beyond a knob's own scale is shown, not lost.
 */

import { hertz, percent, place, semitones } from "./units.js";

const is = (kind) => (effect) => effect.effect === kind;
const isFilter = (type) => (effect) => effect.effect === "filter" && effect.type === type;

/** A control on an even scale from `low` to `high`. */
function even({ low, high, step, field, neutral, make, ...rest }) {
  const steps = Math.round((high - low) / step);
  const number = (at) => Math.round((low + at * step) * 1000) / 1000;
  const home = Math.round((neutral - low) / step);
  return {
    ...rest,
    steps,
    neutral: home,
    toStep: (effect) => (effect === null ? home : (effect[field] - low) / step),
    toEffect: (at, old) => (at === home ? null : make(number(at), old)),
    read: (effect) => rest.say(effect === null ? neutral : effect[field]),
  };
}

/** The edge of a filter, on a logarithmic scale; off at one end. */
function edge({ type, low, high, off, ...rest }) {
  const steps = 48;
  const home = off === low ? 0 : steps;
  const number = (at) => Number((low * (high / low) ** (at / steps)).toPrecision(2));
  return {
    ...rest,
    steps,
    neutral: home,
    matches: isFilter(type),
    toStep: (effect) =>
      effect === null ? home : (Math.log(effect.cutoff_hz / low) / Math.log(high / low)) * steps,
    toEffect: (at) => (at === home ? null : { effect: "filter", type, cutoff_hz: number(at) }),
    read: (effect) => (effect === null ? "off" : hertz(effect.cutoff_hz)),
  };
}

const AMOUNTS = ["low", "medium", "high"];

const compress = {
  label: "Squash",
  name: "Compression",
  steps: AMOUNTS.length,
  neutral: 0,
  matches: is("compress"),
  toStep: (effect) => (effect === null ? 0 : AMOUNTS.indexOf(effect.amount) + 1),
  toEffect: (at) => (at === 0 ? null : { effect: "compress", amount: AMOUNTS[at - 1] }),
  read: (effect) => effect?.amount ?? "off",
};

const tempo = {
  label: "Tempo",
  name: "Tempo",
  steps: 48,
  neutral: 24,
  matches: is("stretch"),
  toStep: (effect) => 24 + 24 * Math.log2(effect?.rate ?? 1),
  toEffect: (at) =>
    at === 24 ? null : { effect: "stretch", rate: Math.round(2 ** ((at - 24) / 24) * 1000) / 1000 },
  read: (effect) => percent(effect?.rate ?? 1),
};

const amount = (value) => (value === 0 ? "off" : percent(value));

/**
 * The controls of a strip, in order.
 * @param {object} ranges effect -> field -> [lowest, highest], of the service
 * @param {boolean} isMaster the master has a tempo, too
 */
export function controls(ranges, isMaster) {
  const span = (effect, field) => {
    const [low, high] = ranges[effect][field];
    return { low, high, field };
  };
  const strip = [
    even({
      ...span("pan", "position"),
      label: "Pan",
      name: "Pan",
      step: 0.05,
      neutral: 0,
      matches: is("pan"),
      make: (position) => ({ effect: "pan", position }),
      say: place,
    }),
    even({
      ...span("reverb", "amount"),
      label: "Room",
      name: "Reverb",
      step: 0.02,
      neutral: 0,
      matches: is("reverb"),
      make: (value) => ({ effect: "reverb", amount: value }),
      say: amount,
    }),
    even({
      ...span("delay", "mix"),
      label: "Echo",
      name: "Echo",
      step: 0.02,
      neutral: 0,
      matches: is("delay"),
      make: (mix, old) => ({ time_s: 0.35, feedback: 0.35, ...old, effect: "delay", mix }),
      say: amount,
    }),
    edge({ type: "highpass", label: "Low cut", name: "Low cut", low: 20, high: 2000, off: 20 }),
    edge({ type: "lowpass", label: "High cut", name: "High cut", low: 200, high: 20000, off: 20000 }),
    even({
      ...span("pitch", "semitones"),
      label: "Pitch",
      name: "Pitch",
      step: 1,
      neutral: 0,
      matches: is("pitch"),
      make: (steps) => ({ effect: "pitch", semitones: steps }),
      say: semitones,
    }),
    compress,
  ];
  return isMaster ? [...strip, tempo] : strip;
}
