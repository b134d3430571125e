/**
 * A knob: a native range input, so that keys and screen readers work, behind a drawn dial that
 * turns by dragging up and down.
 */

import { el, svg } from "./dom.js";
import { holding } from "./holding.js";
import { reading } from "./reading.js";

const SWEEP = 270;
const DRAG_PIXELS = 160;
const FINELY = 0.2;
const RADIUS = 15;

const polar = (degrees) => {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return `${(20 + RADIUS * Math.cos(angle)).toFixed(2)} ${(20 + RADIUS * Math.sin(angle)).toFixed(2)}`;
};

function arc(from, to) {
  const [start, end] = from < to ? [from, to] : [to, from];
  return `M ${polar(start)} A ${RADIUS} ${RADIUS} 0 ${end - start > 180 ? 1 : 0} 1 ${polar(end)}`;
}

/**
 * @param {{label: string, name: string, typed: string, steps: number, neutral: number, read: Function,
 *   parse: (text: string) => number|null, onchange: (step: number, done: boolean) => void}} options
 *   `steps` above 0; `neutral` is where a double click leads; `read(step)` says the value;
 *   `name` is said in full to a screen reader, `typed` of the field that takes what is typed; `done` when the hand lets go
 * @returns {{element: HTMLElement, set: (step: number, words: string) => void}} `set` takes values
 *   between and beyond the steps, too, and what to call them
 */
export function knob({ label, name, steps, neutral, typed, read, parse, onchange }) {
  const filled = svg("path", { class: "knob-fill" });
  const needle = svg("line", { class: "knob-needle", x1: 20, y1: 9.5, x2: 20, y2: 14.5 });
  const dial = svg(
    "svg",
    { viewBox: "0 0 40 40", class: "knob-dial", "aria-hidden": "true" },
    svg("path", { class: "knob-track", d: arc(-SWEEP / 2, SWEEP / 2) }),
    filled,
    needle,
  );
  const input = el("input", { type: "range", min: 0, max: steps, step: 1, "aria-label": name });
  let said = read(neutral);
  const value = reading({
    name: typed,
    read: () => said,
    take: (text) => {
      const step = parse(text);
      if (step !== null) move(step, true);
      return step !== null;
    },
  });
  const element = el(
    "div",
    { class: "knob" },
    el("span", { class: "knob-label", text: label, "aria-hidden": "true" }),
    el("div", { class: "knob-body" }, dial, input),
    value.element,
  );
  const degrees = (step) => (step / steps - 0.5) * SWEEP;

  function show(exact, words) {
    const step = exact ?? Number(input.value);
    said = words ?? read(step);
    input.setAttribute("aria-valuetext", said);
    value.show();
    element.classList.toggle("is-set", step !== neutral);
    needle.setAttribute("transform", `rotate(${degrees(step)} 20 20)`);
    filled.setAttribute("d", step === neutral ? "" : arc(degrees(neutral), degrees(step)));
  }

  function move(step, done) {
    const held = Math.max(0, Math.min(steps, Math.round(step)));
    const changed = held !== Number(input.value);
    input.value = held;
    show();
    if (changed || done) onchange(held, done);
  }

  input.addEventListener("input", () => {
    show();
    onchange(Number(input.value), false);
  });
  input.addEventListener("change", () => onchange(Number(input.value), true));
  input.addEventListener("dblclick", () => move(neutral, true));
  const hold = holding(input, {
    begin: ({ clientX: x, clientY: y }) => ({ x, y, step: Number(input.value) }),
    move: (event, held) => {
      const pixels = held.y - event.clientY + (event.clientX - held.x) * 0.5;
      held.step += (pixels / DRAG_PIXELS) * steps * (event.shiftKey ? FINELY : 1);
      [held.x, held.y] = [event.clientX, event.clientY];
      move(held.step, false);
    },
    end: () => move(Number(input.value), true),
  });
  input.value = neutral;
  show();
  const set = (step, words) => {
    if (hold.isHeld || value.isTyped) return;
    input.value = step;
    show(Math.max(0, Math.min(steps, step)), words);
  };
  return { element, set };
}
