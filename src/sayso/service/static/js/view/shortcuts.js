/** Keys that work wherever nobody is typing: Space plays whatever is focused; Enter presses buttons. */

import { KEYS } from "./help.js";

const TYPES = new Set(["text", "search", "password", "file"]);
const ACTIONS = new Map(
  KEYS.flatMap(([keys, , action]) => (action ? keys.map((key) => [key, action]) : [])),
);

/** What was pressed, as `KEYS` spells it. */
function pressed({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  if (altKey) return null;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  if (!ctrlKey && !metaKey) return plain;
  return `Ctrl+${shiftKey ? "Shift+" : ""}${plain}`;
}

/** Whether the focused element wants this key for itself. */
function isTaken(target, keys) {
  if (target.closest("dialog")) return true;
  if (target.matches("textarea, select")) return true;
  if (target.matches("input")) {
    if (TYPES.has(target.type)) return true;
    return ["ArrowLeft", "ArrowRight", "Home"].includes(keys);
  }
  return false;
}

/** Leaves a field, or lets go of what is selected. */
function escape(event, app) {
  const { target } = event;
  if (event.defaultPrevented || target.closest("dialog")) return;
  if (target.matches("input, textarea, select")) target.blur();
  else app?.desk.select(null);
}

/** @param {() => object|null} app what keys act on; null while there is no session */
export function listenForKeys(app) {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") escape(event, app());
    const keys = pressed(event);
    const action = ACTIONS.get(keys);
    if (!action || event.defaultPrevented || isTaken(event.target, keys)) return;
    const acting = app();
    if (acting === null) return;
    event.preventDefault();
    action(acting);
  });
}
