/**
 * A span of time that a hand has selected on a waveform, and what can be done to it there: by a click,
 * or by words, which then mean this span.
 */

import { MIX, stripOf } from "../desk.js";
import { clock, titled } from "../units.js";
import { byId, el } from "./dom.js";

const SHORTEST_S = 0.02;
const STEP_DB = 4;
const DRAG_PIXELS = 4;

export class Selection {
  #desk;
  #bar = byId("selection");
  /** {start_s, end_s, target}, in the time of the ruler, or null. */
  span = null;

  /** @param {DeskView} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#show();
  }

  /** Has a waveform select by dragging and seek by a tap. */
  attach(canvas, target, { timeAt, isPinching, seek }) {
    let from = null;
    const stop = () => (from = null);
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      from = { x: event.clientX, s: timeAt(event.clientX), far: false };
    });
    canvas.addEventListener("pointermove", ({ clientX }) => {
      if (from === null || isPinching()) return stop();
      from.far ||= Math.abs(clientX - from.x) > DRAG_PIXELS;
      if (!from.far) return undefined;
      const [start_s, end_s] = [from.s, timeAt(clientX)].sort((a, b) => a - b);
      if (end_s - start_s >= SHORTEST_S) this.set({ start_s, end_s, target });
      return undefined;
    });
    canvas.addEventListener("pointerup", () => {
      if (from !== null && !from.far) {
        this.set(null);
        seek(from.s);
      }
      stop();
    });
    canvas.addEventListener("pointercancel", stop);
  }

  set(span) {
    this.span = span;
    this.#desk.showSelection(span);
    this.#show();
  }

  /** What is selected, as words say it; "" for nothing. */
  get words() {
    const heard = this.#heard();
    return heard === null ? "" : ` from ${clock(heard.start_s, 2)} to ${clock(heard.end_s, 2)}`;
  }

  /** The selection in the time that is heard, of which words and effects speak. */
  #heard() {
    if (this.span === null) return null;
    const { listening } = this.#desk;
    const [start_s, end_s] = [this.span.start_s, this.span.end_s].map((s) => listening.heardAt(s));
    return end_s - start_s >= SHORTEST_S ? { start_s, end_s } : null;
  }

  #do(moves) {
    this.set(null);
    return this.#desk.session.move(moves);
  }

  #effect(effect) {
    const { target } = this.span;
    const { start_s, end_s } = this.#heard();
    const rounded = { start_s: Number(start_s.toFixed(3)), end_s: Number(end_s.toFixed(3)) };
    return this.#do([{ do: "adjust", target, relative: false, effects: [{ ...effect, span: rounded }] }]);
  }

  #step(step) {
    const { start_s, end_s } = this.#heard();
    return this.#do([{ do: "edit", steps: [{ step, start_s, end_s }] }]);
  }

  #show() {
    const { span } = this;
    const heard = this.#heard();
    this.#bar.hidden = heard === null;
    if (heard === null) return;
    const { listening, session } = this.#desk;
    const whole = span.target === MIX;
    const button = (text, onclick) => el("button", { type: "button", class: "chip-button", text, onclick });
    const words = `${clock(span.start_s, 2)} to ${clock(span.end_s, 2)}, ${whole ? "all of it" : titled(span.target)}`;
    const muted = stripOf(session.desk, span.target).mute;
    this.#bar.replaceChildren(
      el("span", { class: "selection-words", text: words }),
      button("Loop", () => {
        const { start_s, end_s } = span;
        this.set(null);
        listening.setLoop({ start_s, end_s, on: true });
        listening.seek(start_s);
      }),
      ...(muted ? [] : [button("Silence", () => this.#effect({ effect: "mute" })), button("Louder", () => this.#effect({ effect: "gain", db: STEP_DB })), button("Quieter", () => this.#effect({ effect: "gain", db: -STEP_DB }))]),
      button("Cut out", () => this.#step("cut")),
      button("Keep only this", () => this.#step("keep")),
      button("Say what…", () => byId("say").focus()),
      el("button", { type: "button", class: "quiet", text: "Clear", onclick: () => this.set(null) }),
    );
  }
}
