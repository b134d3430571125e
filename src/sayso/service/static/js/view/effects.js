/** Effects that no knob stands for, in words, with a way to take them off. */

import { decibels, hertz, percent } from "../units.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

const WORDS = {
  gain: ({ db }) => `Gain ${decibels(db)}`,
  eq: ({ frequency_hz: hz, gain_db: db }) => `EQ ${hertz(hz)} ${decibels(db)}`,
  filter: ({ low_hz: low, high_hz: high }) => `Band ${hertz(low)} to ${hertz(high)}`,
  limit: ({ ceiling_db: db }) => `Limit ${decibels(db)}`,
  loudness: ({ lufs }) => `Loudness ${lufs} LUFS`.replace("-", "\u2212"),
  stretch: ({ rate }) => `Tempo ${percent(rate)}`,
};

/** What an effect does, in a word or two. */
export const inWords = (effect) => WORDS[effect.effect]?.(effect) ?? effect.effect;

/** An effect as a chip; `remove` takes it off. */
export function chip(effect, remove) {
  const words = inWords(effect);
  const button = el(
    "button",
    { type: "button", class: "chip-remove", "aria-label": `Remove ${words}`, onclick: remove },
    icon("close"),
  );
  return el("li", { class: "chip" }, el("span", { text: words }), button);
}
