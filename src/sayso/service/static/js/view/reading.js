/** The reading of a control, which takes what is typed: Enter sets it, Escape leaves it as it was. */

import { el } from "./dom.js";

/**
 * @param {{name: string, read: () => string, take: (text: string) => boolean}} options `name` for screen
 *   readers; `take` is false for what it cannot make a value of
 * @returns {{element: HTMLInputElement, show: () => void, isTyped: boolean}}
 */
export function reading({ name, read, take }) {
  const element = el("input", {
    type: "text",
    class: "reading",
    autocomplete: "off",
    spellcheck: "false",
    inputmode: "text",
    "aria-label": name,
  });
  const state = { element, isTyped: false, show };

  function show() {
    if (!state.isTyped) element.value = read();
  }

  function finish(keep) {
    if (!state.isTyped) return;
    const text = element.value.trim();
    state.isTyped = false;
    if (keep && text !== read()) take(text);
    show();
  }

  element.addEventListener("focus", () => {
    state.isTyped = true;
    element.select();
  });
  element.addEventListener("blur", () => finish(true));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    finish(event.key === "Enter");
    element.blur();
  });
  show();
  return state;
}
