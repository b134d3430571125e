/** Keys that work wherever nobody is typing. */

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
  return keys === " " && target.matches("button, a, summary, [role=slider]");
}

/** @param {() => object|null} app what keys act on; null while there is no session */
export function listenForKeys(app) {
  addEventListener("keydown", (event) => {
    const keys = pressed(event);
    const action = ACTIONS.get(keys);
    if (!action || event.defaultPrevented || isTaken(event.target, keys)) return;
    const acting = app();
    if (acting === null) return;
    event.preventDefault();
    action(acting);
  });
}
