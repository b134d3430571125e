/**
 * The ruler over the waveforms: times, and the loop. A click jumps, a drag makes a loop, and the
 * ends of the loop are sliders of their own.
 */

import { clock } from "../units.js";
import { colour, el } from "./dom.js";

const LABEL_PIXELS = 84;
const DRAG_PIXELS = 4;
const SHORTEST_S = 0.05;
const NUDGE_S = 0.1;
const STEPS_S = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/** The round step between labels that leaves each of them room. */
export function stepFor(span_s, width) {
  const least = (span_s * LABEL_PIXELS) / width;
  return STEPS_S.find((step) => step >= least) ?? STEPS_S.at(-1);
}

export class Ruler {
  #listening;
  #view = { start_s: 0, end_s: 1 };
  #canvas = el("canvas", { class: "ruler-canvas", "aria-hidden": "true" });
  #ends;
  #dragged = null;
  #drawn = "";

  /** @param {Listening} listening */
  constructor(listening) {
    this.#listening = listening;
    this.#ends = {
      start_s: this.#end("start_s", "Loop start"),
      end_s: this.#end("end_s", "Loop end"),
    };
    this.element = el("div", { class: "ruler" }, this.#canvas, this.#ends.start_s, this.#ends.end_s);
    this.#canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.#canvas.addEventListener("pointermove", (event) => this.#drag(event));
    this.#canvas.addEventListener("pointerup", (event) => this.#release(event));
    this.#canvas.addEventListener("pointercancel", () => (this.#dragged = null));
  }

  setView(view) {
    this.#view = view;
    this.#drawn = "";
  }

  refresh() {
    this.#drawn = "";
  }

  /** The time under a place on the page. */
  timeAt(clientX) {
    const { left, width } = this.#canvas.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (clientX - left) / width));
    return this.#view.start_s + share * (this.#view.end_s - this.#view.start_s);
  }

  paint(position_s) {
    const { loop } = this.#listening;
    this.#place(loop);
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * scale);
    const height = Math.round(this.#canvas.clientHeight * scale);
    if (width === 0) return;
    const head = Math.round(this.#share(position_s) * width);
    const state = `${width} ${height} ${head} ${loop?.start_s} ${loop?.end_s} ${loop?.on}`;
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#draw(this.#canvas.getContext("2d"), { width, height, scale, head, loop });
  }

  #share(s) {
    return (s - this.#view.start_s) / (this.#view.end_s - this.#view.start_s);
  }

  #draw(context, { width, height, scale, head, loop }) {
    if (loop) {
      const [from, to] = [loop.start_s, loop.end_s].map((s) => Math.round(this.#share(s) * width));
      context.globalAlpha = loop.on ? 1 : 0.4;
      context.fillStyle = colour("accent");
      context.beginPath();
      context.roundRect(from, height - 6 * scale, to - from, 4 * scale, 2 * scale);
      context.fill();
      context.globalAlpha = 1;
    }
    const step = stepFor(this.#view.end_s - this.#view.start_s, width / scale);
    context.font = `500 ${10.5 * scale}px Inter, system-ui, sans-serif`;
    context.textBaseline = "middle";
    for (let n = Math.ceil((this.#view.start_s * 4) / step); (n * step) / 4 <= this.#view.end_s; n += 1) {
      const x = Math.round(this.#share((n * step) / 4) * width);
      const whole = n % 4 === 0;
      context.fillStyle = colour(whole ? "faint" : "line");
      context.fillRect(x, height - (whole ? 10 : 5) * scale, Math.max(1, Math.round(scale)), 10 * scale);
      if (!whole || x > width - 30 * scale) continue;
      context.fillStyle = colour("dim");
      context.fillText(clock((n * step) / 4, step < 1 ? 1 : 0), x + 5 * scale, height / 2 - 2 * scale);
    }
    context.fillStyle = colour("playhead");
    context.beginPath();
    context.moveTo(head - 5 * scale, height - 9 * scale);
    context.lineTo(head + 5 * scale, height - 9 * scale);
    context.lineTo(head, height);
    context.fill();
  }

  #press(event) {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#dragged = { x: event.clientX, from: this.timeAt(event.clientX), far: false };
  }

  #drag(event) {
    const drag = this.#dragged;
    if (drag === null) return;
    drag.far ||= Math.abs(event.clientX - drag.x) > DRAG_PIXELS;
    if (!drag.far) return;
    const to = this.timeAt(event.clientX);
    const [start_s, end_s] = drag.from < to ? [drag.from, to] : [to, drag.from];
    if (end_s - start_s >= SHORTEST_S) this.#listening.setLoop({ start_s, end_s, on: true });
  }

  #release(event) {
    if (this.#dragged !== null && !this.#dragged.far) this.#listening.seek(this.timeAt(event.clientX));
    this.#dragged = null;
  }

  #end(which, name) {
    const handle = el("div", {
      class: `loop-end loop-${which === "start_s" ? "start" : "end"}`,
      role: "slider",
      tabindex: "0",
      "aria-label": name,
      "aria-valuemin": "0",
      hidden: true,
    });
    handle.addEventListener("keydown", (event) => {
      const nudges = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 };
      const nudge = nudges[event.key];
      if (nudge === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.#move(which, this.#listening.loop[which] + nudge * NUDGE_S);
    });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) this.#move(which, this.timeAt(event.clientX));
    });
    return handle;
  }

  #move(which, s) {
    const { loop, duration_s: duration } = this.#listening;
    const moved = { ...loop, [which]: Math.max(0, Math.min(duration, s)) };
    if (moved.end_s - moved.start_s >= SHORTEST_S) this.#listening.setLoop(moved);
  }

  #place(loop) {
    for (const [which, handle] of Object.entries(this.#ends)) {
      handle.hidden = loop === null;
      if (loop === null) continue;
      const share = this.#share(loop[which]);
      handle.hidden = share < 0 || share > 1;
      handle.style.left = `${share * 100}%`;
      handle.setAttribute("aria-valuenow", loop[which].toFixed(2));
      handle.setAttribute("aria-valuemax", this.#listening.duration_s.toFixed(2));
      handle.setAttribute("aria-valuetext", clock(loop[which], 2));
    }
  }
}
