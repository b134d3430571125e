/** How loud all of it shall be, by what it is for. */

import { el } from "./dom.js";

const USES = [
  ["Podcast", -16],
  ["Streaming", -14],
  ["Broadcast", -23],
];

export const isLoudness = (effect) => effect.effect === "loudness" && !effect.span;

/**
 * @param {(effect: object|null) => void} onchange
 * @returns {{element: HTMLElement, set: (effect: object|null) => void}}
 */
export function loudness(onchange) {
  const option = (text, value) => el("option", { value, text });
  const other = option("", "other");
  other.hidden = true;
  const select = el(
    "select",
    { "aria-label": "Loudness of Mix" },
    option("As it is", ""),
    ...USES.map(([use, lufs]) => option(`${use}, \u2212${-lufs} LUFS`, String(lufs))),
    other,
  );
  select.onchange = () => {
    onchange(select.value === "" ? null : { effect: "loudness", lufs: Number(select.value) });
  };
  const set = (effect) => {
    const value = effect === null ? "" : String(effect.lufs);
    const isNamed = [...select.options].some((one) => one !== other && one.value === value);
    other.textContent = effect === null ? "" : `${String(effect.lufs).replace("-", "\u2212")} LUFS`;
    select.value = isNamed ? value : "other";
  };
  return { element: el("label", { class: "loudness" }, "Loudness", select), set };
}
