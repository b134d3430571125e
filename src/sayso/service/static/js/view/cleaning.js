/** Speech without noise and music: whether, and how much of it. */

import { percent } from "../units.js";
import { el } from "./dom.js";

/**
 * @param {(strength: number) => void} onchange above 0 to 1; 0 for no cleaning
 * @returns {{element: HTMLElement, set: (clean: {dry: number}|null) => void}}
 */
export function cleaning(onchange) {
  let last = 1;
  // A button, since Space plays and Enter presses.
  const toggle = el("button", { type: "button", role: "switch", class: "toggle", "aria-checked": "false", "aria-label": "Clean the speech" });
  const slider = el("input", { type: "range", class: "line", min: 0.1, max: 1, step: 0.05, "aria-label": "Strength of the cleaning" });
  const words = el("output", { class: "cleaning-strength" });
  const read = () => {
    words.textContent = percent(Number(slider.value));
    slider.setAttribute("aria-valuetext", words.textContent);
    slider.style.setProperty("--at", (Number(slider.value) - 0.1) / 0.9);
  };
  const row = el("span", { class: "cleaning-row" }, slider, words);
  toggle.onclick = () => onchange(toggle.getAttribute("aria-checked") === "true" ? 0 : last);
  slider.oninput = read;
  slider.onchange = () => onchange(Number(slider.value));
  const set = (clean) => {
    if (clean !== null) last = Math.round((1 - clean.dry) * 100) / 100;
    toggle.setAttribute("aria-checked", String(clean !== null));
    row.hidden = clean === null;
    if (document.activeElement !== slider) slider.value = String(last);
    read();
  };
  const label = el("label", { class: "cleaning-switch" }, toggle, "Clean speech");
  return { element: el("div", { class: "cleaning" }, label, row), set };
}
