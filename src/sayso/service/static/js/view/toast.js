/** A line that comes up when something needs saying, and goes by itself. */

import { byId, el } from "./dom.js";

const SHOWN_MS = 9000;

/** Shows `text` and has it read out. */
export function say(text) {
  const toasts = byId("toasts");
  if ([...toasts.children].some((one) => one.textContent === text)) return;
  const toast = el("div", { class: "toast", text });
  const gone = () => toast.remove();
  toast.addEventListener("click", gone);
  toasts.append(toast);
  setTimeout(gone, SHOWN_MS);
}
