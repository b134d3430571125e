/**
 * A knob: a native range input, so that keys and screen readers work, behind a drawn dial that
 * turns by dragging up and down.
 */

import { el, svg } from "./dom.js";

const SWEEP = 270;
const DRAG_PIXELS = 160;
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
 * @param {{label: string, name: string, steps: number, neutral: number, read: Function,
 *   onchange: (step: number, done: boolean) => void}} options
 *   `steps` above 0; `neutral` is where a double click leads; `read(step)` says the value;
 *   `name` is said in full to a screen reader; `done` when the hand lets go
 * @returns {{element: HTMLElement, set: (step: number, words: string) => void}} `set` takes values
 *   between and beyond the steps, too, and what to call them
 */
export function knob({ label, name, steps, neutral, read, onchange }) {
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
  const value = el("span", { class: "knob-value", "aria-hidden": "true" });
  const element = el(
    "div",
    { class: "knob" },
    el("span", { class: "knob-label", text: label, "aria-hidden": "true" }),
    el("div", { class: "knob-body" }, dial, input),
    value,
  );
  const degrees = (step) => (step / steps - 0.5) * SWEEP;

  function show(exact, words) {
    const step = exact ?? Number(input.value);
    const text = words ?? read(step);
    input.setAttribute("aria-valuetext", text);
    value.textContent = text;
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
  dragged(input, () => Number(input.value), steps, move);
  input.value = neutral;
  show();
  const set = (step, words) => {
    if (element.classList.contains("is-held")) return;
    input.value = step;
    show(Math.max(0, Math.min(steps, step)), words);
  };
  return { element, set };
}

function dragged(input, current, steps, move) {
  let from = null;
  input.addEventListener("pointerdown", (event) => {
    // The native slider would jump to the place that was touched.
    event.preventDefault();
    input.focus({ preventScroll: true });
    input.setPointerCapture(event.pointerId);
    input.closest(".knob").classList.add("is-held");
    from = { y: event.clientY, x: event.clientX, step: current(), moved: false };
  });
  input.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const pixels = from.y - event.clientY + (event.clientX - from.x) * 0.5;
    from.moved ||= Math.abs(pixels) > 2;
    if (from.moved) move(from.step + (pixels / DRAG_PIXELS) * steps * (event.shiftKey ? 0.2 : 1), false);
  });
  const release = () => {
    if (from === null) return;
    const { moved } = from;
    from = null;
    input.closest(".knob").classList.remove("is-held");
    if (moved) move(current(), true);
  };
  input.addEventListener("pointerup", release);
  input.addEventListener("pointercancel", release);
}
