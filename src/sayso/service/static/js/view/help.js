/** The keys, and the sheet that lists them. */

import { byId, el } from "./dom.js";

/** What each key does: [keys, words, what to do with `app`]. */
export const KEYS = [
  ["Listen"],
  [[" "], "Play or pause", (app) => app.listening.toggle()],
  [["Home"], "Back to the start", (app) => app.listening.seek(0)],
  [["ArrowLeft"], "Back 5 seconds", (app) => app.nudge(-5)],
  [["ArrowRight"], "Forward 5 seconds", (app) => app.nudge(5)],
  [["a"], "Original or yours", (app) => app.transport.compare()],
  [["l"], "Loop on or off", (app) => app.transport.toggleLoop()],
  [["["], "Loop from here", (app) => app.loopFrom()],
  [["]"], "Loop up to here", (app) => app.loopTo()],
  ["Time"],
  [["+", "="], "Closer", (app) => app.desk.zoom(2)],
  [["-"], "Further", (app) => app.desk.zoom(0.5)],
  [["0"], "All of it", (app) => app.desk.zoom(0)],
  [["f"], "Follow the playhead or not", (app) => app.desk.follow(!app.desk.isFollowing)],
  [["Wheel"], "Closer and further, around the pointer"],
  [["Shift Wheel"], "Back and forth"],
  [["Drag"], "On a waveform selects, on the ruler loops"],
  ["Mix"],
  [["j"], "Next strip", (app) => app.desk.step(1)],
  [["k"], "Strip before", (app) => app.desk.step(-1)],
  [["m"], "Mute the strip", (app) => app.turn("mute")],
  [["s"], "Solo the strip", (app) => app.turn("solo")],
  [["Ctrl+z"], "Undo", (app) => app.session.undo()],
  [["Ctrl+Shift+z", "Ctrl+y"], "Redo", (app) => app.session.redo()],
  [["Arrows"], "Move the fader or knob by a step, with Shift finely"],
  [["Enter"], "Press the button, or set what was typed beside a knob"],
  ["Cuts"],
  [["c"], "Show the cuts", (app) => app.cutting.toggle()],
  [["x"], "Cut what the loop spans, or the stretch under the playhead", (app) => app.cutting.cutHere()],
  [["v"], "Play across the next cut", (app) => app.cutting.playAcross()],
  ["Page"],
  [["/"], "Say something", (app) => app.talk()],
  [["Escape"], "Leave the field, clear the selection, close the sheet"],
  [["d"], "Download", (app) => app.downloads.open()],
  [["t"], "Dark or light", (app) => app.turnTheme()],
  [["?"], "This sheet", () => byId("help").showModal()],
];

const SHOWN = {
  " ": "Space",
  ArrowLeft: "\u2190",
  ArrowRight: "\u2192",
  "Ctrl+z": "Ctrl Z",
  "Ctrl+Shift+z": "Ctrl Shift Z",
  "-": "\u2212",
};

/** Fills the sheet. */
export function listKeys() {
  const groups = [];
  for (const [keys, words] of KEYS) {
    if (words === undefined) groups.push(el("section", {}, el("h3", { text: keys }), el("dl")));
    else {
      const shown = SHOWN[keys[0]] ?? (keys[0].length === 1 ? keys[0].toUpperCase() : keys[0]);
      const parts = shown.split(" ").map((key) => el("kbd", { text: key }));
      groups.at(-1).lastChild.append(el("div", {}, el("dt", {}, ...parts), el("dd", { text: words })));
    }
  }
  byId("keys").replaceChildren(...groups);
}
