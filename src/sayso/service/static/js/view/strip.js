/** One strip: name, mute and solo, fader and meter, knobs, and the waveform. */

import { controls } from "../controls.js";
import { MIX, REST, effectOf, isNeutral, stripOf, withEffect } from "../desk.js";
import { absenceOf } from "../presence.js";
import { left, madeBy, percent, titled } from "../units.js";
import { cleaning } from "./cleaning.js";
import { el, isNarrow } from "./dom.js";
import { chip } from "./effects.js";
import { fader } from "./fader.js";
import { icon } from "./icons.js";
import { knob } from "./knob.js";
import { isLoudness, loudness } from "./loudness.js";
import { meter } from "./meter.js";
import { Waveform } from "./waveform.js";

/**
 * @param {string} target "mix" for the master
 * @param {{about: object, session: Session, listening: Listening}} desk
 */
export class StripView {
  #desk;
  #knobs = [];
  #fader;
  #meter = meter();
  #chips = el("ul", { class: "chips", "aria-label": "More effects" });
  #state = el("p", { class: "strip-state" });
  #maker = el("p", { class: "strip-maker" });
  #absence = el("p", { class: "strip-absence" });
  #putAway;
  #open;
  #cleaning = null;
  #loudness = null;
  #buttons = {};
  #reset;
  #peaksOf = null;
  #handFolded = false;
  /** The outline of its track, and of a part of it that is shown. */
  outline = null;
  near = null;
  /** How often they have changed. */
  outlines = 0;

  constructor(target, desk) {
    this.target = target;
    this.#desk = desk;
    const name = target === MIX ? "Mix" : titled(target);
    this.#fader = fader({
      name,
      range: desk.about.effects.gain.db,
      onchange: (db, done) => desk.session.set(target, { gain_db: db }, done),
    });
    const canvas = el("canvas", { class: "wave", "aria-hidden": "true" });
    const tint = desk.tintOf(target);
    this.wave = new Waveform(canvas, tint);
    this.#putAway = el("button", {
      type: "button",
      class: "chip-button strip-away",
      text: "Put away",
      "aria-label": `Put ${name} away`,
      hidden: true,
      onclick: () => desk.putAway(target),
    });
    this.element = el(
      "li",
      { class: `strip${target === MIX ? " strip-master" : ""}`, "data-target": target },
      el(
        "div",
        { class: "strip-head", role: "group", "aria-label": name },
        el("h3", { class: "strip-name", text: name, title: name }),
        this.#switches(name),
        this.#fader.element,
        this.#meter.element,
      ),
      el("div", { class: "strip-rack", role: "group", "aria-label": `${name} effects` }, ...this.#rack(name)),
      el("div", { class: "strip-wave" }, canvas, this.#state, el("div", { class: "strip-found" }, this.#absence, this.#putAway, this.#maker), this.#chips),
    );
    this.element.style.setProperty("--stem", `var(--${tint})`);
  }

  /** Where the keyboard goes to when it goes to this strip. */
  focus() {
    this.#fader.input.focus();
  }

  /** Shows what the desk and the service have by now. */
  update() {
    const { session, listening } = this.#desk;
    const strip = stripOf(session.desk, this.target);
    this.#fader.set(strip.gain_db);
    for (const { control, show } of this.#knobs) show(effectOf(strip, control.matches));
    for (const [which, button] of Object.entries(this.#buttons)) {
      button.setAttribute("aria-pressed", stripOf(listening.desk, this.target)[which]);
    }
    this.#reset.hidden = isNeutral(strip);
    this.#loudness?.set(effectOf(strip, isLoudness));
    this.#cleaning?.set(session.desk.clean);
    const isUsed =
      this.#knobs.some(({ control }) => effectOf(strip, control.matches) !== null) ||
      (this.target === MIX && (session.desk.clean !== null || effectOf(strip, isLoudness) !== null));
    this.#open.classList.toggle("is-used", isUsed);
    const inHand = this.#handFolded || this.element.contains(document.activeElement);
    if (!inHand && !isNarrow()) this.#unfold(isUsed);
    this.#showChips(strip);
    const silent = this.target !== MIX && !listening.isHeard(this.target);
    this.element.classList.toggle("is-silent", silent);
    this.wave.setDim(silent);
    this.#showState(session);
  }

  /** @param {object|null} near the outline of the part that is shown */
  setNear(near) {
    this.near = near;
    this.outlines += 1;
    this.wave.setNear(near);
  }

  /** Draws what moves while it plays. */
  paint(position_s, loop) {
    this.wave.paint(position_s, loop);
    this.#meter.show(this.#desk.listening.peak(this.target));
  }

  #switches(name) {
    const button = (which, letter, label) => {
      this.#buttons[which] = el("button", {
        type: "button",
        class: `switch switch-${which}`,
        text: letter,
        title: label,
        "aria-label": `${label} ${name}`,
        "aria-pressed": "false",
        onclick: () => this.#desk.listening.turn(this.target, which),
      });
      return this.#buttons[which];
    };
    this.#reset = el(
      "button",
      {
        type: "button",
        class: "quiet strip-reset",
        title: "Reset this strip",
        "aria-label": `Reset ${name}`,
        hidden: true,
        onclick: () => this.#desk.session.reset(this.target),
      },
      icon("undo"),
    );
    const switches = this.target === MIX ? [] : [button("mute", "M", "Mute"), button("solo", "S", "Solo")];
    return el("div", { class: "strip-switches" }, this.#reset, ...switches, this.#fold(name));
  }

  /** The knobs are folded away until one of them is used. */
  #fold(name) {
    this.#open = el("button", {
      type: "button",
      class: "switch switch-fold",
      text: "FX",
      title: "Effects",
      "aria-label": `Effects of ${name}`,
      "aria-expanded": "false",
      onclick: () => {
        this.#handFolded = true;
        this.#unfold(!this.element.classList.contains("is-unfolded"));
      },
    });
    return this.#open;
  }

  #unfold(isOpen) {
    this.element.classList.toggle("is-unfolded", isOpen);
    this.#open.setAttribute("aria-expanded", isOpen);
  }

  #rack(name) {
    const { about, session } = this.#desk;
    const knobs = controls(about.knobs, this.target === MIX).map((control) => {
      const turn = (step, done) => {
        const { effects } = stripOf(session.desk, this.target);
        const old = effects.find(control.matches) ?? null;
        const effect = control.toEffect(step, old);
        session.set(this.target, { effects: withEffect(effects, control.matches, effect) }, done);
      };
      const one = knob({
        label: control.label,
        name: `${name} ${control.name}`,
        typed: `${control.name} of ${name}`,
        steps: control.steps,
        neutral: control.neutral,
        read: (step) => control.read(control.toEffect(step, null)),
        parse: control.parse,
        onchange: turn,
      });
      const show = (effect) => one.set(control.toStep(effect), control.read(effect));
      this.#knobs.push({ control, show });
      return one.element;
    });
    if (this.target !== MIX) return knobs;
    this.#loudness = loudness((effect) => {
      const { effects } = stripOf(session.desk, MIX);
      session.set(MIX, { effects: withEffect(effects, isLoudness, effect) });
    });
    this.#cleaning = cleaning((strength) => session.move([{ do: "clean", strength }]));
    return [...knobs, el("div", { class: "rack-uses" }, this.#cleaning.element, this.#loudness.element)];
  }

  #showChips(strip) {
    const others = strip.effects.filter(
      (effect) => !this.#knobs.some(({ control }) => control.matches(effect)),
    );
    const kept = JSON.stringify(others);
    if (this.#chips.dataset.kept === kept) return;
    this.#chips.dataset.kept = kept;
    const { session } = this.#desk;
    const without = (gone) => {
      const effects = stripOf(session.desk, this.target).effects;
      session.set(this.target, { effects: withEffect(effects, (one) => one === gone, null) });
    };
    this.#chips.replaceChildren(
      ...others.map((effect) => chip(effect, () => without(effect))),
    );
  }

  #showState(session) {
    const awaited = this.target === MIX ? null : session.awaited(this.target);
    const track = this.#desk.trackOf(this.target);
    const apart = this.target !== MIX && this.#desk.listening.isApart;
    this.wave.setBlank(apart);
    this.element.classList.toggle("is-awaited", awaited !== null);
    if (awaited) {
      this.#state.textContent =
        awaited.state === "queued" ? "Waiting its turn…" : this.#separating(session, awaited);
      this.#state.style.setProperty("--done", awaited.progress);
    } else if (apart) this.#state.textContent = "Heard in the mix, as rendered";
    else if (this.target === REST) this.#state.textContent = "What no other strip holds";
    else this.#state.textContent = track ? "" : "Not separated yet";
    const absence = absenceOf(track);
    const notes = track?.notes?.filter((note) => note !== absence) ?? [];
    this.#maker.textContent = track?.made_by ? [madeBy(track), ...notes].join("; ") : "";
    this.#absence.textContent = absence ? `${absence[0].toUpperCase()}${absence.slice(1)}` : "";
    this.#putAway.hidden = absence === null || !isNeutral(stripOf(session.desk, this.target));
    if (track && track.peaks_url !== this.#peaksOf) this.#fetchPeaks(track.peaks_url);
  }

  /** How far the sound is, how long it will take, and what of it can be heard by now. */
  #separating(session, render) {
    const left_s = session.left_s(render);
    const opening = session.opening(this.target);
    const words = [`Separating… ${percent(render.progress)}`];
    if (left_s !== null) words.push(left(left_s));
    if (opening) words.push(`the first ${Math.round(opening.frames / opening.sample_rate)} s can be heard`);
    return words.join(", ");
  }

  async #fetchPeaks(url) {
    this.#peaksOf = url;
    const peaks = await this.#desk.peaks(url);
    if (!peaks || this.#peaksOf !== url) return;
    this.outline = peaks;
    this.setNear(null);
    this.wave.setPeaks(peaks);
    this.#desk.refineSoon();
    this.#desk.listening.dispatchEvent(new Event("change"));
  }
}
