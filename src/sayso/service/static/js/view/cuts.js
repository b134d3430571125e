/**
 * The cuts under the ruler: what is kept of the recording and what is not, a slider that proposes, and
 * edges to drag. All of it is a preview, seen and heard, until it is kept.
 */

import * as api from "../api.js";
import { lengthOf, stretches } from "../timeline.js";
import { clock, percent, titled } from "../units.js";
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { Waveform } from "./waveform.js";

const LEAD_S = 1.5;
const MOST_SHOWN = 240; // elements to grab at a time; closer, there are fewer
const ROOM_PIXELS = 30;
const NUDGES_S = {
  ArrowLeft: -0.01,
  ArrowDown: -0.01,
  ArrowRight: 0.01,
  ArrowUp: 0.01,
  PageDown: -0.1,
  PageUp: 0.1,
};
const RATE_QUESTION = "How many frames a second does this file count? 24, 25, 29.97, 50 …";
const SCORERS = { level: "Loudest", novelty: "Newest" };

export class CutsView {
  #session;
  #listening;
  #cuts;
  #desk;
  #wave;
  #parts = {};
  #stretches = [];
  #toggles = [];
  #handles = [];
  #placed = "";
  #opened = null; // what a hand chose; null follows the desk
  #peaksOf = null;
  #gapsOf;

  /** @param {{session: Session, listening: Listening, cuts: Cuts, desk: DeskView}} given */
  constructor({ session, listening, cuts, desk }) {
    this.#session = session;
    this.#listening = listening;
    this.#cuts = cuts;
    this.#desk = desk;
    byId("cuts").replaceChildren(...this.#build());
    byId("show-cuts").onclick = () => this.toggle();
    this.update();
  }

  get isOpen() {
    return this.#opened ?? (this.#session.desk.edits.length > 0 || this.#cuts.draft !== null);
  }

  /** Shows or hides the cuts. */
  toggle() {
    this.#opened = !this.isOpen;
    this.update();
    announce(this.#opened ? "Showing the cuts" : "Cuts hidden");
  }

  /** Cuts what the loop spans; without one, the stretch under the playhead. */
  cutHere() {
    this.#opened = true;
    const { loop, position_s: at } = this.#listening;
    const stretch = loop?.on
      ? { ...loop, kept: true }
      : stretches(this.#base(), this.#cuts.duration_s).find((one) => at >= one.start_s && at < one.end_s);
    if (!stretch) return;
    if (!this.#cuts.toggle(stretch)) announce("Something has to be left");
    else if (loop?.on) this.#listening.setLoop(null);
  }

  /** Plays over the join that comes next. */
  playAcross() {
    const joins = this.#joins();
    if (joins.length === 0) return announce("Nothing is cut yet");
    const next = joins.find((join) => join > this.#listening.heard_s + LEAD_S + 0.05) ?? joins[0];
    return this.#listening.playFrom(next - LEAD_S);
  }

  update() {
    const { isOpen } = this;
    byId("cuts").hidden = !isOpen;
    byId("show-cuts").setAttribute("aria-pressed", isOpen);
    this.#dim();
    if (!isOpen) return;
    this.#fetchPeaks();
    const { draft, busy, share, duration_s: duration, shown } = this.#cuts;
    const { keep, value, length, by, actions, commit, drop, across, out, bring, lane } = this.#parts;
    this.#offerScorers();
    keep.value = this.#cuts.asked ?? Math.min(1, share);
    keep.style.setProperty("--at", keep.value);
    value.textContent = percent(share);
    keep.setAttribute("aria-valuetext", `${percent(share)} of the recording`);
    by.value = this.#cuts.by;
    const heard = shown === null ? duration : lengthOf(shown);
    length.textContent = `${clock(heard)} of ${clock(duration)}`;
    actions.classList.toggle("is-draft", draft !== null);
    commit.hidden = drop.hidden = draft === null;
    bring.hidden = draft !== null; // its place is theirs
    const joins = this.#joins().length;
    across.disabled = joins === 0;
    out.disabled = draft !== null || this.#cuts.kept === null;
    out.title = draft === null ? "For another program" : "Keep the cuts first";
    lane.classList.toggle("is-draft", draft !== null);
    lane.setAttribute("aria-busy", busy);
    this.#placed = "";
  }

  paint() {
    if (!this.isOpen) return;
    const { isApart, position_s: position, loop } = this.#listening;
    this.#place();
    this.#wave.paint(isApart ? -1 : position, isApart ? null : loop);
  }

  refresh() {
    this.#wave.refresh();
  }

  #base() {
    return this.#cuts.shown ?? { spans: [{ start_s: 0, end_s: this.#cuts.duration_s, gain_db: 0 }] };
  }

  /** Where spans meet, in the time of the result. */
  #joins() {
    let at = 0;
    return this.#base().spans.slice(0, -1).map(({ start_s: start, end_s: end }) => (at += end - start));
  }

  #build() {
    const part = (name, tag, given, ...children) => {
      this.#parts[name] = el(tag, given, ...children);
      return this.#parts[name];
    };
    const by = part("by", "select", {
      "aria-label": "Keep by",
      onchange: () => this.#choose(by.value in SCORERS ? Number(keep.value) : null),
    });
    const keep = part("keep", "input", {
      type: "range",
      class: "line",
      min: "0.02",
      max: "1",
      step: "0.01",
      "aria-label": "Share to keep",
      oninput: () => {
        keep.style.setProperty("--at", keep.value);
        this.#cuts.asked = Number(keep.value);
        this.#choose(Number(keep.value));
      },
    });
    const button = (name, kind, title, onclick, ...children) =>
      part(name, "button", { type: "button", class: kind, title, onclick }, ...children);
    const file = el("input", {
      type: "file",
      hidden: true,
      onchange: () => {
        if (file.files.length) this.#cuts.bring(file.files[0], () => prompt(RATE_QUESTION, "25"));
        file.value = "";
      },
    });
    const head = el(
      "div",
      { class: "cuts-head" },
      el("h3", { id: "cuts-title", text: "Cuts" }),
      part("length", "span", { class: "cuts-length" }),
      file,
    );
    const rack = el(
      "div",
      { class: "cuts-rack" },
      by,
      el("div", { class: "cuts-keep" }, keep, part("value", "output", { class: "cuts-share" })),
      part(
        "actions",
        "div",
        { class: "cuts-actions" },
        button("across", "tool", "Play across the next cut (V)", () => this.playAcross(), icon("across")),
        button("out", "tool", "For another program", () => this.#export(), icon("export")),
        button("bring", "tool", "From another program", () => this.#bring(file), icon("import")),
        button("drop", "quiet", "Back to what the desk has", () => this.#cuts.drop(), "Discard"),
        button("commit", "button is-main", "Put these cuts on the desk", () => this.keep(), "Keep cuts"),
      ),
    );
    this.#parts.across.setAttribute("aria-label", "Play across the next cut");
    this.#parts.out.setAttribute("aria-label", "Cuts for another program");
    this.#parts.bring.setAttribute("aria-label", "Cuts from another program");
    const canvas = el("canvas", { class: "wave", "aria-hidden": "true" });
    this.#wave = new Waveform(canvas);
    const lane = part("lane", "div", { class: "cuts-lane", role: "group", "aria-label": "What is kept" }, canvas);
    lane.addEventListener("pointerdown", (event) => {
      if (event.target === canvas && event.button === 0) this.#listening.seek(this.#timeAt(event.clientX));
    });
    return [head, rack, lane];
  }

  /** Puts the draft on the desk. */
  async keep() {
    if (this.#cuts.draft === null) return;
    this.#opened = true;
    await this.#cuts.keep();
    announce("Kept the cuts");
  }

  #choose(keep) {
    this.#cuts.choose(this.#parts.by.value, keep);
  }

  #offerScorers() {
    const { by } = this.#parts;
    const kept = this.#cuts.scorers.join();
    if (by.dataset.kept === kept) return;
    by.dataset.kept = kept;
    const names = this.#cuts.scorers;
    by.replaceChildren(
      ...names.map((name) => el("option", { value: name, text: SCORERS[name] ?? `Like ${titled(name)}` })),
    );
  }

  async #fetchPeaks() {
    const url = this.#session.source.peaks_url;
    if (this.#peaksOf === url) return;
    this.#peaksOf = url;
    const peaks = await this.#desk.peaks(url);
    if (peaks) this.#wave.setPeaks(peaks);
  }

  /** What is not heard lies dim in all waveforms, as long as they show the recording. */
  #dim() {
    const { shown, duration_s: duration } = this.#cuts;
    if (this.#gapsOf !== shown) {
      this.#gapsOf = shown;
      this.#stretches = stretches(this.#base(), duration);
      this.#wave.setGaps(this.#stretches.filter(({ kept }) => !kept));
    }
    const all = shown === null ? [] : this.#stretches.filter(({ kept }) => !kept);
    const apart = this.#listening.isApart || this.#listening.side === "original";
    this.#desk.setGaps(apart ? [] : all, shown);
  }

  // Where things lie

  get #view() {
    const whole = { start_s: 0, end_s: this.#cuts.duration_s };
    return this.#listening.isApart ? whole : this.#desk.view;
  }

  #timeAt(clientX) {
    const { left, width } = this.#parts.lane.getBoundingClientRect();
    const { start_s: start, end_s: end } = this.#view;
    return start + Math.max(0, Math.min(1, (clientX - left) / width)) * (end - start);
  }

  /** Lays out what can be grabbed; elements stay, so that the keyboard stays where it is. */
  #place() {
    const { lane } = this.#parts;
    const view = this.#view;
    const width = lane.clientWidth;
    const state = `${width} ${view.start_s} ${view.end_s}`;
    if (state === this.#placed || width === 0) return;
    this.#placed = state;
    this.#wave.setView(view);
    const share = (s) => (s - view.start_s) / (view.end_s - view.start_s);
    const seen = ({ start_s: start, end_s: end }) => end > view.start_s && start < view.end_s;
    const { spans } = this.#base();
    const few = spans.filter(seen).length <= MOST_SHOWN / 2;
    this.#keepCount(this.#toggles, this.#stretches.length, () => this.#toggle());
    this.#toggles.forEach((toggle, at) => {
      const stretch = this.#stretches[at];
      const [from, to] = [Math.max(0, share(stretch.start_s)), Math.min(1, share(stretch.end_s))];
      toggle.hidden = !few || !seen(stretch) || (to - from) * width < 3;
      toggle.classList.toggle("is-kept", stretch.kept);
      toggle.classList.toggle("is-narrow", (to - from) * width < ROOM_PIXELS);
      toggle.style.left = `${from * 100}%`;
      toggle.style.width = `${(to - from) * 100}%`;
      toggle.dataset.times = stretch.times > 1 ? `\u00d7${stretch.times}` : "";
      const what = `${clock(stretch.start_s)} to ${clock(stretch.end_s)}`;
      const press = toggle.lastChild;
      press.setAttribute("aria-label", stretch.kept ? `Cut ${what}` : `Bring back ${what}`);
      press.title = press.getAttribute("aria-label");
    });
    this.#keepCount(this.#handles, 2 * spans.length, (at) => this.#handle(at));
    this.#handles.forEach((handle, at) => {
      const edge = at % 2 ? "end_s" : "start_s";
      const s = spans[at >> 1][edge];
      handle.hidden = !few || s < view.start_s || s > view.end_s;
      handle.style.left = `${share(s) * 100}%`;
      handle.setAttribute("aria-valuenow", s.toFixed(3));
      handle.setAttribute("aria-valuemax", this.#cuts.duration_s.toFixed(3));
      handle.setAttribute("aria-valuetext", clock(s, 2));
    });
  }

  #keepCount(elements, count, make) {
    while (elements.length > count) elements.pop().remove();
    while (elements.length < count) {
      const element = make(elements.length);
      elements.push(element);
      this.#parts.lane.append(element);
    }
  }

  #toggle() {
    const press = el("button", { type: "button", class: "stretch-press" }, icon("plus"), icon("close"));
    const toggle = el("div", { class: "stretch" }, press);
    press.addEventListener("click", () => {
      const at = this.#toggles.indexOf(toggle);
      if (!this.#cuts.toggle(this.#stretches[at])) announce("Something has to be left");
    });
    return toggle;
  }

  #handle(at) {
    const edge = at % 2 ? "end_s" : "start_s";
    const index = at >> 1;
    const handle = el("div", {
      class: `cut-edge cut-${edge === "end_s" ? "end" : "start"}`,
      role: "slider",
      tabindex: "0",
      "aria-label": `Stretch ${index + 1} ${edge === "end_s" ? "ends" : "begins"}`,
      "aria-valuemin": "0",
      title: "Drag, or press the arrow keys; Enter plays across",
    });
    const move = (s, done) => this.#cuts.move(index, edge, s, done);
    const now = () => this.#base().spans[index][edge];
    handle.addEventListener("keydown", (event) => {
      const nudge = NUDGES_S[event.key];
      if (nudge === undefined && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Enter") this.#playAcross(index, edge);
      else move(now() + nudge * (event.shiftKey ? 10 : 1), true);
    });
    let grip = 0;
    let moved = false;
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      grip = now() - this.#timeAt(event.clientX);
      moved = false;
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      moved = true;
      move(this.#timeAt(event.clientX) + grip, false);
    });
    const release = () => {
      if (moved) move(now(), true);
      moved = false;
    };
    handle.addEventListener("pointerup", release);
    handle.addEventListener("pointercancel", release);
    handle.addEventListener("dblclick", () => this.#playAcross(index, edge));
    return handle;
  }

  /** Plays over one edge: the moments of the result around it. */
  #playAcross(index, edge) {
    const before = this.#base().spans.slice(0, edge === "end_s" ? index + 1 : index);
    return this.#listening.playFrom(lengthOf({ spans: before }) - LEAD_S);
  }

  #bring(file) {
    file.accept = this.#cuts.formats.map(({ format }) => `.${format}`).join();
    file.click();
  }

  #export() {
    byId("cut-export-words").textContent =
      `Each file names the recording ${this.#session.name}.wav; put it beside.`;
    byId("cut-export-list").replaceChildren(
      ...this.#cuts.formats.map(({ format, name, exact }) =>
        el(
          "li",
          {},
          el(
            "a",
            { href: api.cutsUrl(this.#session.id, format), download: "", class: "file" },
            icon("download"),
            el("span", { text: `${name} (.${format})` }),
            el("span", { class: "dim", text: exact }),
          ),
        ),
      ),
    );
    byId("cut-export").showModal();
  }
}
