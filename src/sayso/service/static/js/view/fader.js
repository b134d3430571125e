/**
 * A fader in dB: a native range input, so that keys and screen readers work, behind a drawn track
 * whose scale has its room around 0. Beside it is its reading, which takes what is typed.
 */

import { shareOf, valueAt } from "../scale.js";
import { decibels } from "../units.js";
import { el } from "./dom.js";
import { holding } from "./holding.js";
import { reading } from "./reading.js";

const STEP_DB = 0.5;
const FINE_DB = 0.1;
const FINELY = 0.15;
const THUMB_PIXELS = 10;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -6, PageUp: 6 };

/**
 * @param {{name: string, range: [number, number],
 *   onchange: (db: number, done: boolean) => void}} options `name` for screen readers
 * @returns {{element: HTMLElement, input: HTMLInputElement, set: (db: number) => void}}
 */
export function fader({ name, range: [low, high], onchange }) {
  const input = el("input", {
    type: "range",
    class: "fader",
    min: low,
    max: high,
    step: FINE_DB,
    title: "Drag, with Shift finely; a double click is 0 dB",
    "aria-label": `${name} level`,
  });
  const words = reading({
    name: `Decibels of ${name}`,
    read: () => decibels(Number(input.value)).replace(" dB", ""),
    take: (text) => {
      const db = Number(text.replace("\u2212", "-").replace(/\s*dB$/i, ""));
      if (text === "" || Number.isNaN(db)) return false;
      move(db, true);
      return true;
    },
  });
  const track = el("div", { class: "fader-track" }, el("i", { class: "fader-fill" }), el("i", { class: "fader-thumb" }), input);
  const element = el("div", { class: "fader-row" }, track, words.element);
  track.style.setProperty("--zero", shareOf(0, low, high));

  function show() {
    const db = Number(input.value);
    input.setAttribute("aria-valuetext", decibels(db).replace("\u2212", "minus "));
    words.show();
    track.style.setProperty("--at", shareOf(db, low, high));
    element.classList.toggle("is-set", db !== 0);
  }

  function move(db, done) {
    input.value = Math.round(Math.max(low, Math.min(high, db)) / FINE_DB) * FINE_DB;
    show();
    onchange(Number(input.value), done);
  }

  // Whatever else moves it: a screen reader, a form filler.
  input.addEventListener("input", () => move(Number(input.value), false));
  input.addEventListener("change", () => move(Number(input.value), true));
  input.addEventListener("dblclick", () => move(0, true));
  input.addEventListener("keydown", (event) => {
    const steps = KEYS[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(Number(input.value) + steps * (event.shiftKey ? FINE_DB : STEP_DB), true);
  });
  const share = ({ clientX }) => {
    const { left, width } = track.getBoundingClientRect();
    return (clientX - left) / width;
  };
  const hold = holding(input, {
    begin: (event) => ({ share: shareOf(Number(input.value), low, high), from: share(event) }),
    move: (event, held) => {
      const now = share(event);
      held.share += (now - held.from) * (event.shiftKey ? FINELY : 1);
      held.from = now;
      const db = valueAt(held.share, low, high);
      move(event.shiftKey ? db : Math.round(db / STEP_DB) * STEP_DB, false);
    },
    // A touch of the track goes there; of the thumb, nowhere.
    tap: (event) => {
      const off = share(event) - shareOf(Number(input.value), low, high);
      if (Math.abs(off) * track.clientWidth < THUMB_PIXELS) return;
      move(Math.round(valueAt(share(event), low, high) / STEP_DB) * STEP_DB, true);
    },
    end: () => move(Number(input.value), true),
  });
  input.value = 0;
  show();
  const set = (db) => {
    if (hold.isHeld || words.isTyped) return;
    input.value = db;
    show();
  };
  return { element, input, set };
}
