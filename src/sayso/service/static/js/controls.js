/**
 * The knobs of a strip: which effect each one stands for, and how its turn becomes a number. What knobs
 * there are, and their ranges, the service says; what is beyond a knob's own scale is shown, not lost.
 */

import { hertz, percent, place, semitones } from "./units.js";

const STEPS = 48;
const amount = (value) => (value === 0 ? "off" : percent(value));
const UNITS = { amount, place, percent, semitones };

/** The number that somebody typed: "30", "−3 dB", "2.5 kHz", "20 left"; NaN for none. */
function numberIn(text) {
  const found = /[-+]?\d*[.,]?\d+/.exec(text.replace("\u2212", "-"));
  if (found === null) return NaN;
  const number = Number(found[0].replace(",", "."));
  return /left|\bl\b/i.test(text) ? -Math.abs(number) : /\dk|\bk/i.test(text) ? number * 1000 : number;
}

const SHARES = new Set(["amount", "percent", "place"]);

// An effect that holds for a span is no knob's: it has a chip of its own.
const is = (kind) => (effect) => effect.effect === kind && !effect.span;

/** A number: on an even scale, or, without a step, on a logarithmic one whose middle is neutral. */
function slider(knob) {
  const { effect: kind, field, low, high, step, neutral, defaults } = knob;
  const even = step > 0;
  const steps = even ? Math.round((high - low) / step) : STEPS;
  const number = (at) => {
    const value = even ? low + at * step : low * (high / low) ** (at / steps);
    return Math.round(value * 1000) / 1000;
  };
  const toStep = (value) =>
    even ? (value - low) / step : (Math.log(value / low) / Math.log(high / low)) * steps;
  const home = Math.round(toStep(neutral));
  return {
    steps,
    neutral: home,
    matches: is(kind),
    parse: (text) => {
      const value = numberIn(text) / (SHARES.has(knob.unit) ? 100 : 1);
      return Number.isNaN(value) ? (/^off|centre|center$/i.test(text) ? home : null) : toStep(Math.max(low, Math.min(high, value)));
    },
    toStep: (effect) => (effect === null ? home : toStep(effect[field])),
    toEffect: (at, old) =>
      at === home ? null : { ...defaults, ...old, effect: kind, [field]: number(at) },
    read: (effect) => UNITS[knob.unit](effect === null ? neutral : effect[field]),
  };
}

/** One of a few values, or off. */
function steps({ effect: kind, field, values }) {
  return {
    steps: values.length,
    neutral: 0,
    matches: is(kind),
    parse: (text) => {
      const at = ["off", ...values].findIndex((value) => value.startsWith(text.toLowerCase()));
      return at < 0 ? null : at;
    },
    toStep: (effect) => (effect === null ? 0 : values.indexOf(effect[field]) + 1),
    toEffect: (at) => (at === 0 ? null : { effect: kind, [field]: values[at - 1] }),
    read: (effect) => effect?.[field] ?? "off",
  };
}

/** The edge of a filter, on a logarithmic scale; off at one end. */
function edge({ effect: kind, type, low, high, off }) {
  const home = off === low ? 0 : STEPS;
  const number = (at) => Number((low * (high / low) ** (at / STEPS)).toPrecision(2));
  return {
    steps: STEPS,
    neutral: home,
    parse: (text) => {
      const hz = numberIn(text);
      if (Number.isNaN(hz)) return /^off$/i.test(text) ? home : null;
      return (Math.log(Math.max(low, Math.min(high, hz)) / low) / Math.log(high / low)) * STEPS;
    },
    matches: (effect) => is(kind)(effect) && effect.type === type,
    toStep: (effect) =>
      effect === null ? home : (Math.log(effect.cutoff_hz / low) / Math.log(high / low)) * STEPS,
    toEffect: (at) => (at === home ? null : { effect: kind, type, cutoff_hz: number(at) }),
    read: (effect) => (effect === null ? "off" : hertz(effect.cutoff_hz)),
  };
}

const KINDS = { slider, steps, edge };

/**
 * The controls of a strip, in order.
 * @param {object[]} knobs of the service
 * @param {boolean} isMaster whether it is the master, which has more of them
 */
export function controls(knobs, isMaster) {
  return knobs
    .filter((knob) => isMaster || !knob.master)
    .map((knob) => ({ label: knob.label, name: knob.name, ...KINDS[knob.kind](knob) }));
}
