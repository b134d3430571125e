/**
 * What is heard of a desk: which strips sound, what is asked for as a whole, whether the browser can
 * make it at all. Pure functions; the rules are those of a render.
 */

import { MIX, complementOf, stripOf } from "../desk.js";
import { isLive } from "./effects.js";

/** Whether the strip of `target` is part of the mix. */
export function isHeard(desk, target) {
  const strip = stripOf(desk, target);
  return !strip.mute && (strip.solo || !isSoloed(desk));
}

/** Whether some strip is heard alone. */
export const isSoloed = (desk) =>
  Object.entries(desk.strips).some(([name, strip]) => name !== MIX && strip.solo);

/** The tracks that are asked for besides the mix. */
export const askedOf = (desk) => desk.deliver.filter((name) => name !== MIX);

/**
 * The desk whose mix is all that `desk` delivers, heard together: sounds that are asked for are
 * soloed; what a "no TARGET" leaves out is muted, unless it is asked for, too.
 */
export function together(desk) {
  const asked = askedOf(desk);
  const leftOut = new Set(asked.map(complementOf).filter((name) => name !== null));
  const [gone] = leftOut;
  const strips = { ...desk.strips };
  if (leftOut.size === 0) {
    for (const [name, strip] of Object.entries(strips)) strips[name] = { ...strip, solo: false };
  } else if (leftOut.size === 1 && !asked.includes(gone)) {
    strips[gone] = { ...stripOf(desk, gone), mute: true, solo: false };
  }
  for (const name of asked.filter((one) => complementOf(one) === null)) {
    strips[name] = { ...stripOf(desk, name), mute: false, solo: leftOut.size === 0 };
  }
  return { ...desk, deliver: [MIX], strips };
}

/** Why the mix must be rendered before it can be heard as it will be: [] if it need not be. */
export function needsRender(desk) {
  const reasons = [];
  if (desk.clean) reasons.push("cleaning");
  if (desk.edits.length > 0) reasons.push("cuts");
  const names = Object.keys(desk.strips).filter((name) => name === MIX || isHeard(desk, name));
  for (const name of names) {
    for (const effect of desk.strips[name].effects) {
      if (!isLive(effect) && effect.effect !== "limit") reasons.push(effect.effect);
    }
  }
  return [...new Set(reasons)];
}
