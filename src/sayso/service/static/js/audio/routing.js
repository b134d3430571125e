/**
 * What is heard of a desk: which strips sound, whether the master does, whether the browser can
 * make it at all. Pure functions; the rules are those of a render.
 */

import { MIX, complementOf, stripOf } from "../desk.js";
import { isLive } from "./effects.js";

/**
 * @param {object} desk
 * @param {string} output "mix", a target, or "no TARGET"
 * @param {string} target
 * @returns {boolean} whether `target` is part of `output`
 */
export function isHeard(desk, output, target) {
  const leftOut = complementOf(output);
  if (output !== MIX && leftOut === null) return target === output;
  if (target === leftOut) return false;
  const strip = stripOf(desk, target);
  return !strip.mute && (strip.solo || !soloed(desk, leftOut));
}

/** Whether what no strip is for is part of `output`. */
export function isRestHeard(desk, output) {
  const leftOut = complementOf(output);
  return (output === MIX || leftOut !== null) && !soloed(desk, leftOut);
}

function soloed(desk, leftOut) {
  return Object.entries(desk.strips).some(
    ([name, strip]) => name !== MIX && name !== leftOut && strip.solo,
  );
}

/** Why `output` must be rendered before it can be heard as it will be: [] if it need not be. */
export function needsRender(desk, output) {
  const reasons = [];
  if (desk.clean) reasons.push("cleaning");
  if (desk.edits.length > 0) reasons.push("cuts");
  const names = Object.keys(desk.strips).filter((name) =>
    name === MIX ? true : isHeard(desk, output, name),
  );
  for (const name of names) {
    for (const effect of desk.strips[name].effects) {
      const shared = name !== MIX || output === MIX || effect.effect === "stretch";
      if (shared && !isLive(effect) && effect.effect !== "limit") reasons.push(effect.effect);
    }
  }
  return [...new Set(reasons)];
}
