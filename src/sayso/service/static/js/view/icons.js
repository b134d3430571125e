/** Line icons on a grid of 20, drawn with the colour of the text around them. */

import { svg } from "./dom.js";

const PATHS = {
  play: ["M6 4.2v11.6a.6.6 0 0 0 .9.5l9.2-5.8a.6.6 0 0 0 0-1L6.9 3.7a.6.6 0 0 0-.9.5z", "solid"],
  pause: ["M5.5 4h3v12h-3zM11.5 4h3v12h-3z", "solid"],
  start: ["M5 4.5v11M15 5l-7 5 7 5z"],
  loop: ["M4 9V8a3 3 0 0 1 3-3h8m0 0-2.5-2.5M15 5l-2.5 2.5M16 11v1a3 3 0 0 1-3 3H5m0 0 2.5 2.5M5 15l2.5-2.5"],
  undo: ["M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.5M4 8l3.5 3.5"],
  redo: ["M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.5M16 8l-3.5 3.5"],
  download: ["M10 3.5v9m0 0L6.5 9M10 12.500l3.500-3.500M4 16.500h12"],
  close: ["m5 5 10 10M15 5 5 15"],
  help: ["M7.500 7.500a2.500 2.500 0 1 1 3.600 2.200c-.8.400-1.100.9-1.100 1.800m0 2.700v.01"],
  theme: ["M10 3a7 7 0 1 0 7 7 5.500 5.500 0 0 1-7-7z"],
  send: ["M10 16V4m0 0L5 9m5-5 5 5"],
  cut: ["M6.500 8.500 16 3.500M6.500 11.500l9.500 5M8 7a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zm0 6a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z"],
  across: ["M3 6.500v7M6 4.500v11M9 7.500v5M13 4v12M13 10h4m0 0-1.800-1.800M17 10l-1.800 1.800"],
  export: ["M10 12V3.500m0 0L6.500 7M10 3.500 13.500 7M5 10.500v5.500h10v-5.500"],
  import: ["M10 3.500V12m0 0L6.500 8.500M10 12l3.500-3.500M5 10.500v5.500h10v-5.500"],
  key: ["M12.500 3.500a4 4 0 1 1-2.900 6.700L3.500 16.500M5.500 14.500l2 2M8 12l1.500 1.500"],
  all: ["M3 6v8M17 6v8M5.500 10h9M7.500 8l-2 2 2 2M12.500 8l2 2-2 2"],
  follow: ["M5 4v12M8.500 10h8m0 0-3-3m3 3-3 3"],
  pencil: ["M4 16l.8-3.400L13.500 3.900l2.600 2.600-8.700 8.700z"],
  away: ["M4 10h12"],
  plus: ["M10 4v12M4 10h12"],
  volume: ["M3.500 8v4h2.700l3.800 3V5L6.200 8zM13 7.500a3.500 3.500 0 0 1 0 5m2-7.500a7 7 0 0 1 0 10"],
  upload: ["M10 13V4m0 0L6.500 7.500M10 4l3.500 3.500M4 13.500v3h12v-3"],
};

/** The icon called `name`; for the eye alone, the button says what it does. */
export function icon(name) {
  const [path, kind] = PATHS[name];
  const shape = svg("path", { d: path });
  return svg(
    "svg",
    { viewBox: "0 0 20 20", class: `icon${kind ? ` icon-${kind}` : ""}`, "aria-hidden": "true" },
    shape,
  );
}

/** Puts icons into the elements of the page that ask for one. */
export function placeIcons() {
  for (const element of document.querySelectorAll("[data-icon]")) {
    element.prepend(icon(element.dataset.icon));
  }
}
