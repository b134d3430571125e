/**
 * A waveform on a canvas in the colour of its strip: what was heard in full, what is to come paler, the loop
 * and the playhead over it. Drawn once for each change of peaks, span or size, then only copied.
 */

import { columns, covers } from "../outline.js";
import { colour } from "./dom.js";

const PALE = 0.55;
const SMALLEST = 0.75; // half the height of a silent column, in pixels of the screen

export class Waveform {
  #canvas;
  #context;
  #peaks = null;
  #near = null; // a part, more finely
  #tint;
  #selection = null;
  #view = { start_s: 0, end_s: 1 };
  #layers = null;
  #dim = false;
  #blank = false;
  #gaps = [];
  #last = "";

  /**
   * @param {HTMLCanvasElement} canvas sized by the style sheet
   * @param {string} tint the colour of what was heard, by its name in the theme
   */
  constructor(canvas, tint = "accent") {
    this.#tint = tint;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(() => this.refresh()).observe(canvas);
  }

  get canvas() {
    return this.#canvas;
  }

  /** @param {object} peaks an outline of all of it, see outline.js */
  setPeaks(peaks) {
    this.#peaks = peaks;
    this.refresh();
  }

  /** @param {object|null} near an outline of a part, drawn where it covers what is shown */
  setNear(near) {
    if (near === this.#near) return;
    this.#near = near;
    this.refresh();
  }

  /** @param {{start_s: number, end_s: number}|null} selection */
  setSelection(selection) {
    this.#selection = selection;
    this.#last = "";
  }

  /** @param {{start_s: number, end_s: number}} view what the width stands for */
  setView(view) {
    this.#view = view;
    this.refresh();
  }

  /** Whether the strip is silent. */
  setDim(dim) {
    if (dim === this.#dim) return;
    this.#dim = dim;
    this.refresh();
  }

  /** @param {{start_s: number, end_s: number}[]} gaps what is there, but not heard */
  setGaps(gaps) {
    if (gaps === this.#gaps) return;
    this.#gaps = gaps;
    this.refresh();
  }

  /** Whether to show no waveform: the sound is there, but not in this time. */
  setBlank(blank) {
    if (blank === this.#blank) return;
    this.#blank = blank;
    this.refresh();
  }

  /** Draws anew at the next `paint`: another size, another theme. */
  refresh() {
    this.#layers = null;
    this.#last = "";
  }

  /**
   * @param {number} position_s of the playhead
   * @param {{start_s: number, end_s: number, on: boolean}|null} loop
   */
  paint(position_s, loop) {
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * scale);
    const height = Math.round(this.#canvas.clientHeight * scale);
    if (width === 0 || height === 0) return;
    const x = (s) => this.#x(s, width);
    const head = Math.round(Math.max(-2, Math.min(width + 2, x(position_s))));
    const state = `${width} ${height} ${head} ${loop?.start_s} ${loop?.end_s} ${loop?.on}`;
    if (state === this.#last && this.#layers) return;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#layers = null;
    }
    this.#layers ??= this.#draw(width, height, scale);
    this.#last = state;
    this.#compose(width, height, scale, head, loop && { ...loop, from: x(loop.start_s), to: x(loop.end_s) });
  }

  #x(s, width) {
    return ((s - this.#view.start_s) / (this.#view.end_s - this.#view.start_s)) * width;
  }

  #compose(width, height, scale, head, loop) {
    const context = this.#context;
    const { heard, ahead, gone, line, band } = this.#layers;
    context.clearRect(0, 0, width, height);
    if (loop) {
      context.globalAlpha = loop.on ? 1 : 0.5;
      context.fillStyle = band;
      context.fillRect(loop.from, 0, loop.to - loop.from, height);
      context.globalAlpha = 1;
    }
    const split = Math.max(0, Math.min(width, head));
    if (split > 0) context.drawImage(heard, 0, 0, split, height, 0, 0, split, height);
    if (split < width) {
      context.drawImage(ahead, split, 0, width - split, height, split, 0, width - split, height);
    }
    for (const { start_s: start, end_s: end } of this.#gaps) {
      const [from, to] = [start, end].map((s) => Math.round(Math.max(0, Math.min(width, this.#x(s, width)))));
      if (to <= from) continue;
      context.clearRect(from, 0, to - from, height);
      context.drawImage(gone, from, 0, to - from, height, from, 0, to - from, height);
    }
    if (this.#selection !== null) {
      const { start_s: start, end_s: end } = this.#selection;
      const [from, to] = [start, end].map((s) => Math.round(this.#x(s, width)));
      context.fillStyle = this.#layers.selected;
      context.fillRect(from, 0, Math.max(1, to - from), height);
    }
    context.fillStyle = line;
    context.fillRect(head - Math.floor(scale / 2), 0, Math.max(1, Math.round(scale)), height);
  }

  #draw(width, height, scale) {
    const columns = this.#columns(width);
    const layer = (fill, alpha = 1) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d");
      context.fillStyle = fill;
      context.globalAlpha = alpha;
      const middle = height / 2;
      const reach = middle - scale;
      columns.forEach(([low, high], column) => {
        const top = middle - Math.max(high * reach, SMALLEST * scale * 0.5);
        const bottom = middle - Math.min(low * reach, -SMALLEST * scale * 0.5);
        context.fillRect(column, top, 1, bottom - top);
      });
      return canvas;
    };
    const name = this.#dim ? "wave-dim" : this.#tint;
    return {
      heard: layer(colour(name)),
      ahead: layer(colour(name), this.#dim ? 1 : PALE),
      gone: this.#gaps.length > 0 ? layer(colour("wave-dim")) : null,
      line: colour("playhead"),
      band: colour("loop"),
      selected: colour("selected"),
    };
  }

  /** Lowest and highest sample of each column of pixels. */
  #columns(width) {
    const near = covers(this.#near, this.#view) ? this.#near : this.#peaks;
    return near === null || this.#blank ? [] : columns(near, this.#view, width);
  }
}
