/** The transport: play, loop, time, A/B, what is heard, and the listener's own volume. */

import { ASKED, ORIGINAL, YOURS } from "../listening.js";
import { clock, percent, titled } from "../units.js";
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { meter } from "./meter.js";

const MOST_NAMED = 2;
const WORDS = {
  pitch: "pitch",
  compress: "compression",
  stretch: "tempo",
  loudness: "loudness",
  cleaning: "cleaning",
  cuts: "cuts",
};

export class TransportView {
  #listening;
  #meter = meter();

  /** @param {{listening: Listening}} given */
  constructor({ listening }) {
    this.#listening = listening;
    byId("play").onclick = () => listening.toggle();
    byId("to-start").onclick = () => listening.seek(0);
    byId("loop").onclick = () => this.toggleLoop();
    for (const side of [ORIGINAL, YOURS]) byId(`hear-${side}`).onclick = () => this.compare(side);
    byId("meter").replaceChildren(this.#meter.element);
    const seek = byId("seek");
    seek.oninput = () => listening.seek(Number(seek.value));
    const volume = byId("volume");
    volume.oninput = () => {
      listening.listenAt(Number(volume.value) ** 2);
      volume.setAttribute("aria-valuetext", percent(Number(volume.value)));
      volume.style.setProperty("--at", volume.value);
    };
    volume.oninput();
    this.update();
  }

  /** Turns the loop on or off; without one, all of it. */
  toggleLoop() {
    const { loop, duration_s: end_s } = this.#listening;
    const next = loop === null ? { start_s: 0, end_s, on: true } : { ...loop, on: !loop.on };
    this.#listening.setLoop(next);
    announce(next.on ? `Looping ${clock(next.start_s)} to ${clock(next.end_s)}` : "Loop off");
  }

  compare(side) {
    this.#listening.compare(side);
    announce(this.#listening.side === ORIGINAL ? "Hearing the original" : "Hearing yours");
  }

  update() {
    const { playing, isWaiting, loop, side, duration_s: duration } = this.#listening;
    const play = byId("play");
    play.classList.toggle("is-waiting", isWaiting);
    if (play.dataset.playing !== String(playing)) {
      play.dataset.playing = playing;
      play.replaceChildren(icon(playing ? "pause" : "play"));
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
    }
    byId("loop").setAttribute("aria-pressed", loop?.on ?? false);
    byId("hear-original").setAttribute("aria-pressed", side === ORIGINAL);
    byId("hear-yours").setAttribute("aria-pressed", side === YOURS);
    byId("seek").max = duration;
    byId("duration").textContent = clock(duration);
    this.#showOutputs();
    this.#showNotice();
  }

  paint() {
    const { position_s: position, duration_s: duration } = this.#listening;
    const text = clock(position);
    const time = byId("time");
    if (time.textContent !== text) {
      time.textContent = text;
      const seek = byId("seek");
      seek.value = position;
      seek.setAttribute("aria-valuetext", `${text} of ${clock(duration)}`);
      seek.style.setProperty("--at", duration ? position / duration : 0);
    }
    this.#meter.show(this.#listening.peak());
  }

  /** The tracks that the desk gives, where there is a choice. */
  #showOutputs() {
    const { outputs, output, asked } = this.#listening;
    const holder = byId("outputs");
    const kept = `${outputs} ${output} ${asked}`;
    if (holder.dataset.kept === kept) return;
    holder.dataset.kept = kept;
    holder.hidden = outputs.length === 1;
    const all = asked.map(titled).join(" + ");
    const words = asked.length > MOST_NAMED ? `${asked.length} sounds` : all;
    holder.replaceChildren(
      ...outputs.map((name) =>
        el("button", {
          type: "button",
          text: name === ASKED ? words : "Mix",
          title: name === ASKED ? all : null,
          "aria-pressed": name === output,
          onclick: () => this.#listening.choose(name),
        }),
      ),
    );
  }

  #showNotice() {
    const notice = byId("notice");
    const { heard, missing } = this.#listening;
    const { render } = this.#listening;
    const names = missing.map((reason) => WORDS[reason] ?? reason).join(" and ");
    let text = "";
    if (heard === "preview") {
      const done = render?.state === "running" ? ` ${percent(render.progress)}` : "";
      text = `Rendering ${names}${done}`;
    }
    if (this.#listening.isDraft) text = "A preview of the cuts";
    else if (heard === "rendered") text = `Rendered, with ${names}`;
    if (this.#listening.isWaiting) text = "Fetching the sound\u2026";
    notice.textContent = text;
    notice.hidden = text === "";
  }
}
