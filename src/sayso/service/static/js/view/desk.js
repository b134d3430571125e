/** The desk: ruler and strips, one time over all of them. */

import * as api from "../api.js";
import { MIX, REST, complementOf } from "../desk.js";
import { titled } from "../units.js";
import { announce } from "./announce.js";
import { Away } from "./away.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { Ruler } from "./ruler.js";
import { StripView } from "./strip.js";

const listed = (names) => new Intl.ListFormat("en").format(names);

const BUCKETS = 6000;
const CLOSEST_S = 0.5;

export class DeskView {
  #about;
  #session;
  #listening;
  #strips = new Map();
  #list = byId("strips");
  #ruler;
  #view;
  #duration = 0;
  #peaks = new Map();
  #gaps = [];
  #gapsOf = null;
  #away;

  /** @param {{about: object, session: Session, listening: Listening}} given */
  constructor({ about, session, listening }) {
    this.#about = about;
    this.#session = session;
    this.#listening = listening;
    this.#away = new Away(session.id);
    this.#ruler = new Ruler(listening);
    byId("ruler").replaceChildren(this.#ruler.element);
    this.#list.replaceChildren();
    this.update();
  }

  get about() {
    return this.#about;
  }

  get session() {
    return this.#session;
  }

  get listening() {
    return this.#listening;
  }

  /**
   * Dims what is there, but not heard, in all waveforms.
   * @param {object} key the same for the same gaps
   */
  setGaps(gaps, key) {
    if (key !== this.#gapsOf || gaps.length !== this.#gaps.length) {
      this.#gapsOf = key;
      this.#gaps = gaps;
    }
    for (const strip of this.#strips.values()) strip.wave.setGaps(this.#gaps);
  }

  /** The stretch of time that is shown. */
  get view() {
    return this.#view;
  }

  /** The track whose waveform stands for `target`; the master's is what is heard as a whole. */
  trackOf(target) {
    if (complementOf(target) !== null) return this.#session.source;
    if (target !== MIX) return this.#session.stem(target);
    const { heard, render } = this.#listening;
    const rendered = heard === "rendered" ? render?.tracks : null;
    return rendered?.find((track) => track.target === MIX) ?? this.#session.source;
  }

  /** The outline of a track, or null where it is no longer there. */
  async peaks(url) {
    if (!this.#peaks.has(url)) this.#peaks.set(url, api.peaks(url, BUCKETS));
    try {
      return await this.#peaks.get(url);
    } catch {
      this.#peaks.delete(url);
      return null;
    }
  }

  update() {
    const all = [MIX, ...this.#session.strips(this.#about.stems)];
    const names = all.filter((name) => !this.#away.isAway(name, this.#session.desk));
    for (const [name, strip] of this.#strips) {
      if (names.includes(name)) continue;
      strip.element.remove();
      this.#strips.delete(name);
    }
    names.forEach((name, at) => {
      if (!this.#strips.has(name)) this.#add(name);
      const { element } = this.#strips.get(name);
      if (this.#list.children[at] !== element) this.#list.insertBefore(element, this.#list.children[at]);
    });
    if (this.#listening.duration_s !== this.#duration) {
      this.#duration = this.#listening.duration_s;
      this.show({ start_s: 0, end_s: this.#duration });
    }
    for (const strip of this.#strips.values()) strip.update();
    this.#offer(all, names);
  }

  /** Puts an empty strip away, where it can be had back from. */
  putAway(target) {
    this.#away.put(target);
    announce(`${titled(target)} is put away`);
    this.update();
  }

  paint() {
    const { position_s: position, loop } = this.#listening;
    this.#ruler.paint(position);
    for (const strip of this.#strips.values()) strip.paint(position, loop);
  }

  /** Draws everything anew, in the colours of another theme. */
  refresh() {
    this.#ruler.refresh();
    for (const strip of this.#strips.values()) strip.wave.refresh();
  }

  /** Shows this stretch of time. */
  show(view) {
    this.#view = view;
    this.#ruler.setView(view);
    for (const strip of this.#strips.values()) strip.wave.setView(view);
  }

  /** Closer (above 1) or further, around the playhead where it is in sight. */
  zoom(factor) {
    const { start_s: start, end_s: end } = this.#view;
    const { position_s: position, duration_s: duration } = this.#listening;
    const middle = position >= start && position <= end ? position : (start + end) / 2;
    const span = Math.max(CLOSEST_S, Math.min(duration, (end - start) / factor));
    const share = (middle - start) / (end - start);
    const first = Math.max(0, Math.min(duration - span, middle - share * span));
    this.show({ start_s: first, end_s: first + span });
  }

  /** The strip that has the keyboard, or null. */
  get focused() {
    const at = document.activeElement?.closest("[data-target]");
    return at ? (this.#strips.get(at.dataset.target) ?? null) : null;
  }

  /** Moves the keyboard by so many strips. */
  step(by) {
    const strips = [...this.#list.children].map((one) => this.#strips.get(one.dataset.target));
    const now = strips.indexOf(this.focused);
    const next = now < 0 ? 0 : (now + by + strips.length) % strips.length;
    strips[next].focus();
  }

  #add(name) {
    const strip = new StripView(name, this);
    strip.wave.setView(this.#view ?? { start_s: 0, end_s: this.#listening.duration_s });
    const { canvas } = strip.wave;
    canvas.addEventListener("pointerdown", ({ clientX }) =>
      this.#listening.seek(this.#ruler.timeAt(clientX)),
    );
    this.#strips.set(name, strip);
  }

  /** Ways to take the recording apart, as long as there are sounds without a strip. */
  #offer(all, names) {
    const { stems } = this.#about;
    const missing = stems.filter((name) => !all.includes(name));
    const away = all.filter((name) => !names.includes(name));
    const offer = byId("offer");
    const kept = `${all} but ${away}`;
    if (offer.dataset.kept === kept) return;
    offer.dataset.kept = kept;
    offer.hidden = missing.length === 0 && away.length === 0;
    offer.classList.toggle("is-all", all.length === 1);
    const button = (text, targets, kind) => {
      const onclick = () => this.#separate(targets);
      return el("button", { type: "button", class: kind, onclick }, icon("plus"), text);
    };
    const back = (name) => {
      const onclick = () => {
        this.#away.take(name);
        this.update();
      };
      const label = `Bring back ${titled(name)}`;
      return el("button", { type: "button", class: "chip-button is-away", "aria-label": label, title: label, onclick }, icon("plus"), titled(name));
    };
    offer.replaceChildren(
      el("p", { class: "offer-words", text: "Every sound that is named gets a strip of its own." }),
      missing.length > 1 ? button(`Split into ${listed(missing)}`, missing, "button") : "",
      ...missing.map((name) => button(titled(name), [name], "chip-button")),
      away.length > 0 ? el("p", { class: "away-words", text: "Put away:" }) : "",
      ...away.map(back),
    );
  }

  #separate(targets) {
    announce(`Separating ${listed(targets)}`);
    return this.#session.addStrips(targets);
  }
}
