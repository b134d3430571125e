/** The desk: ruler and strips, one time over all of them. */

import * as api from "../api.js";
import { MIX, REST, complementOf, stripOf } from "../desk.js";
import { covers, mixed, stretchesIn } from "../outline.js";
import { titled } from "../units.js";
import { announce } from "./announce.js";
import { Away } from "./away.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { Ruler } from "./ruler.js";
import { Selection } from "./selection.js";
import { StripView } from "./strip.js";
import { Zooming } from "./zooming.js";

const listed = (names) => new Intl.ListFormat("en").format(names);

const BUCKETS = 6000;
const NEAR_BUCKETS = 4000;
const CLOSEST_S = 0.05;
const SETTLE_MS = 120;
const MOST_OUTLINES = 120;
const PIXELS = 2400; // of the widest waveform that is drawn as finely as can be seen
const TURN_AT = 0.92; // of what is shown, where the playhead turns the page
const TINTS = 6;
const KNOWN_TINTS = { vocals: 1, drums: 2, bass: 3, other: 4, speech: 1, guitar: 5, piano: 6 };

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
  #zooming;
  #selection;
  #refining = 0;
  #mixOf = "";
  #tints = new Map();
  isFollowing = true;
  /** Called when another stretch of time is selected. */
  whenSelected = null;

  /** @param {{about: object, session: Session, listening: Listening}} given */
  constructor({ about, session, listening }) {
    this.#about = about;
    this.#session = session;
    this.#listening = listening;
    this.#away = new Away(session.id);
    this.#ruler = new Ruler(listening);
    byId("ruler").replaceChildren(this.#ruler.element);
    this.#zooming = new Zooming(this, (x) => this.#ruler.timeAt(x));
    this.#zooming.attach(this.#ruler.element);
    this.#selection = new Selection(this);
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

  /** The outline of a track or of a part of it, or null where it is no longer there. */
  async peaks(url, part = null) {
    const key = part === null ? url : `${url} ${part.start} ${part.stop}`;
    if (!this.#peaks.has(key)) {
      if (this.#peaks.size > MOST_OUTLINES) this.#peaks.delete(this.#peaks.keys().next().value);
      this.#peaks.set(key, api.peaks(url, part === null ? BUCKETS : NEAR_BUCKETS, part));
    }
    try {
      return await this.#peaks.get(key);
    } catch {
      this.#peaks.delete(key);
      return null;
    }
  }

  /** The colour of a strip, by its name in the theme: its own, as long as there are any. */
  tintOf(name) {
    if (name === MIX) return "accent";
    if (name === REST) return "faint";
    const known = KNOWN_TINTS[complementOf(name) ?? name];
    if (known) return `stem-${known}`;
    if (!this.#tints.has(name)) this.#tints.set(name, ((this.#tints.size + TINTS - 2) % TINTS) + 1);
    return `stem-${this.#tints.get(name)}`;
  }

  /** What is selected, as it is added to what is said. */
  get selectedWords() {
    return this.#selection.words;
  }

  select(span) {
    this.#selection.set(span);
  }

  /** Marks a stretch of time in all waveforms. */
  showSelection(span) {
    for (const strip of this.#strips.values()) strip.wave.setSelection(span);
    this.whenSelected?.();
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
    this.#mixWave();
    this.#offer(all, names);
  }

  /** Puts an empty strip away, where it can be had back from. */
  putAway(target) {
    this.#away.put(target);
    announce(`${titled(target)} is put away`);
    this.update();
  }

  paint() {
    const { position_s: position, loop, playing } = this.#listening;
    if (playing && this.isFollowing) this.#turnPage(position);
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
    this.#zooming.place(view, this.#duration);
    for (const strip of this.#strips.values()) strip.wave.setView(view);
    this.refineSoon();
  }

  /** Has what is shown outlined as finely as can be seen, once nothing moves. */
  refineSoon() {
    clearTimeout(this.#refining);
    this.#refining = setTimeout(() => this.#refine(), SETTLE_MS);
  }

  /**
   * Closer (above 1) or further (below; 0 is all of it), around a moment: by default the playhead where
   * it is in sight.
   */
  zoom(factor, around_s = null) {
    const { start_s: start, end_s: end } = this.#view;
    const { position_s: position, duration_s: duration } = this.#listening;
    const seen = position >= start && position <= end ? position : (start + end) / 2;
    const middle = around_s ?? seen;
    const closest = Math.min(duration, CLOSEST_S);
    const span = factor === 0 ? duration : Math.max(closest, Math.min(duration, (end - start) / factor));
    this.#showFrom(middle - ((middle - start) / (end - start)) * span, span);
  }

  scrollBy(seconds) {
    this.follow(false);
    this.#showFrom(this.#view.start_s + seconds, this.#view.end_s - this.#view.start_s);
  }

  /** @param {number} share of the whole, where what is shown begins */
  scrollTo(share) {
    this.scrollBy(share * this.#duration - this.#view.start_s);
  }

  /** Whether what is shown goes along with the playhead. */
  follow(on) {
    this.isFollowing = on;
    byId("follow").setAttribute("aria-pressed", on);
  }

  #showFrom(start, span) {
    const first = Math.max(0, Math.min(this.#duration - span, start));
    this.show({ start_s: first, end_s: first + span });
  }

  #turnPage(position) {
    const { start_s: start, end_s: end } = this.#view;
    const span = end - start;
    if (span >= this.#duration || (position >= start && position <= start + TURN_AT * span)) return;
    if (end >= this.#duration - 1e-6 && position >= start) return;
    this.#showFrom(position - (1 - TURN_AT) * span, span);
  }

  /** Fetches the outlines of what is shown where those of the whole are too coarse. */
  async #refine() {
    const { start_s: start, end_s: end } = this.#view;
    const span = end - start;
    for (const strip of this.#strips.values()) {
      const track = this.trackOf(strip.target);
      const whole = strip.outline;
      const isFine = !whole || stretchesIn(whole, span) >= PIXELS;
      if (!track || isFine || covers(strip.near, this.#view)) continue;
      const rate = this.#session.source.sample_rate;
      const part = {
        start: Math.max(0, Math.floor((start - span / 4) * rate)),
        stop: Math.min(Math.floor(whole.end_s * rate), Math.ceil((end + span / 4) * rate)),
      };
      if (part.stop <= part.start) continue;
      strip.setNear(await this.peaks(track.peaks_url, part));
    }
    this.#mixWave();
  }

  /** The waveform of the mix is that of what is heard, also while nothing is rendered. */
  #mixWave() {
    const mix = this.#strips.get(MIX);
    if (!mix?.outline) return;
    const desk = this.#listening.desk;
    const isMade = this.#listening.heard === "original" || this.#listening.heard === "rendered";
    const gainOf = (name) => (this.#listening.isHeard(name) ? 10 ** (stripOf(desk, name).gain_db / 20) : 0);
    const names = [...this.#strips.keys()].filter((name) => complementOf(name) === null && name !== MIX && name !== REST);
    const master = stripOf(desk, MIX);
    const all = master.mute ? 0 : 10 ** (master.gain_db / 20);
    const rest = this.#strips.has(REST) ? gainOf(REST) : 1;
    const drawn = (pick) => {
      const whole = pick(mix);
      if (!whole || isMade) return whole;
      const parts = names.map((name) => ({ outline: pick(this.#strips.get(name)), gain: gainOf(name) }));
      return mixed(whole, parts.filter(({ outline }) => outline && outline.start_s === whole.start_s), rest, all);
    };
    const state = JSON.stringify([isMade, all, rest, names.map((name) => [name, gainOf(name), this.#strips.get(name).outlines]), mix.outlines]);
    if (state === this.#mixOf) return;
    this.#mixOf = state;
    mix.wave.setPeaks(drawn((strip) => strip.outline));
    mix.wave.setNear(drawn((strip) => strip.near));
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
    this.#zooming.attach(canvas);
    this.#selection.attach(canvas, name, {
      timeAt: (x) => this.#ruler.timeAt(x),
      isPinching: () => this.#zooming.isPinching,
      seek: (s) => this.#listening.seek(s),
    });
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
