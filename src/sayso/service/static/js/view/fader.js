/** A fader in dB, with its reading beside it. */

import { decibels } from "../units.js";
import { el } from "./dom.js";

const STEP_DB = 0.5;

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
    step: STEP_DB,
    "aria-label": `${name} level`,
  });
  const value = el("output", { class: "fader-value", "aria-hidden": "true" });
  const element = el("div", { class: "fader-row" }, input, value);
  let held = false;

  function show() {
    const db = Number(input.value);
    input.setAttribute("aria-valuetext", decibels(db).replace("\u2212", "minus "));
    value.textContent = decibels(db).replace(" dB", "");
    element.style.setProperty("--zero", -low / (high - low));
    element.style.setProperty("--at", (db - low) / (high - low));
    element.classList.toggle("is-set", db !== 0);
  }

  input.addEventListener("pointerdown", () => (held = true));
  input.addEventListener("input", () => {
    show();
    onchange(Number(input.value), false);
  });
  input.addEventListener("change", () => {
    held = false;
    onchange(Number(input.value), true);
  });
  input.addEventListener("dblclick", () => {
    input.value = 0;
    show();
    onchange(0, true);
  });
  input.value = 0;
  show();
  const set = (db) => {
    if (held) return;
    input.value = db;
    show();
  };
  return { element, input, set };
}
