/** A level meter: quick to rise, slow to fall, red above full scale. For the eye alone. */

import { el } from "./dom.js";

const FLOOR_DB = -54;
const FALL_DB = 0.9; // a picture, about 50 dB a second
const RED_MS = 1200;

/** @returns {{element: HTMLElement, show: (peak: number) => void}} `peak` 1 is full scale */
export function meter() {
  const bar = el("i");
  const element = el("div", { class: "meter", "aria-hidden": "true" }, bar);
  let level = FLOOR_DB;
  let shown = null;
  let red = 0;
  const show = (peak) => {
    const db = peak > 0 ? 20 * Math.log10(peak) : FLOOR_DB;
    level = Math.max(db, level - FALL_DB, FLOOR_DB);
    if (db > 0.05) red = performance.now() + RED_MS;
    const share = Math.round(Math.min(1, 1 - level / FLOOR_DB) * 400) / 400;
    const state = `${share} ${red > performance.now()}`;
    if (state === shown) return;
    shown = state;
    bar.style.transform = `scaleX(${share})`;
    element.classList.toggle("is-over", red > performance.now());
  };
  return { element, show };
}
