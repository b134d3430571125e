/** Tells people who listen to the page what others see happen. */

import { byId } from "./dom.js";

let turn = 0;

/** Says `text` when the screen reader has finished what it is saying. */
export function announce(text) {
  const region = byId("live");
  turn += 1;
  // The same words twice in a row would not be said again.
  region.textContent = turn % 2 ? text : `${text}\u00a0`;
}
