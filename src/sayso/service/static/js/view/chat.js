/** The conversation: what was said, what was understood, what is being made. */

import { stripOf } from "../desk.js";
import { absenceOf, soundsIn } from "../presence.js";
import { left, percent } from "../units.js";
import { announce } from "./announce.js";
import { byId, el, isCalm } from "./dom.js";

const TALL_PIXELS = 160;

export class ChatView {
  #session;
  #desk;
  #log = byId("log");
  #field = byId("say");
  #shown = new Map(); // message -> {element, state}
  #examples;

  /**
   * @param {Session} session
   * @param {{selectedWords: string, select: Function}} desk whose selection words are about
   */
  constructor(session, desk) {
    this.#session = session;
    this.#desk = desk;
    this.#log.replaceChildren();
    this.#examples = this.#greeting();
    this.#log.append(this.#examples);
    byId("talk-form").onsubmit = (event) => {
      event.preventDefault();
      this.#send(this.#field.value);
    };
    this.#field.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#send(this.#field.value);
      }
    };
    this.#field.oninput = () => this.#grow();
    this.update();
  }

  update() {
    // A change by hand that came to nothing says nothing.
    const messages = this.#session.messages.filter(({ text, reply }) => text || reply);
    for (const [key, { element }] of this.#shown) {
      if (messages.includes(key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    const before = this.#shown.size;
    let last = this.#examples;
    for (const message of messages) {
      const element = this.#show(message);
      // What others said meanwhile stands where it belongs.
      if (last.nextElementSibling !== element) last.after(element);
      last = element;
    }
    this.#showWork();
    this.showSelection();
    if (this.#shown.size > before) this.#follow();
  }

  /** Says which stretch of time words are about. */
  showSelection() {
    const about = byId("about-span");
    const words = this.#desk.selectedWords;
    about.textContent = words && `What you say is about${words.replace(" from", "")}`;
    about.hidden = !words;
  }

  /** The entry of a message as it is by now. */
  #show(message) {
    const absent = this.#absentIn(message);
    const state = [message.failed ?? message.reply ?? "", ...absent].join("\n");
    const shown = this.#shown.get(message);
    if (shown?.state === state) return shown.element;
    if (shown && absent.length > 0) announce(absent.join(". "));
    const element = this.#entry(message, absent);
    shown?.element.replaceWith(element);
    this.#shown.set(message, { element, state });
    return element;
  }

  /** What is to be said of sounds that were asked for and are not in the recording. */
  #absentIn({ moves }) {
    const said = soundsIn(moves).map((name) => absenceOf(this.#session.stem(name)));
    return said.filter((note) => note !== null).map((note) => `${note[0].toUpperCase()}${note.slice(1)}.`);
  }

  #entry(message, absent) {
    const { text, reply, failed, moves, interpreter } = message;
    const notes = absent.map((note) => el("p", { class: "bubble is-note", text: note }));
    if (!text) return el("li", { class: "note" }, el("span", { text: [reply, ...absent].join(" ") }));
    const answer = failed
      ? el("p", { class: "bubble theirs is-failed", text: failed })
      : reply === null
        ? el("p", { class: "bubble theirs is-thinking", "aria-label": "Listening" }, ..."...".split("").map(() => el("i")))
        : el("p", { class: "bubble theirs", text: reply });
    const suggestions = moves.flatMap((move) => move.suggestions ?? []);
    return el(
      "li",
      { class: "turn" },
      el("p", { class: "bubble mine", text }),
      answer,
      ...notes,
      failed && message.again ? this.#again(message) : null,
      suggestions.length ? this.#suggest(suggestions) : null,
      interpreter && interpreter !== "offline" ? el("p", { class: "by", text: interpreter }) : null,
    );
  }

  #again(message) {
    const onclick = async () => {
      const answer = await this.#session.sayAgain(message);
      if (answer) announce(answer.reply);
    };
    const button = el("button", { type: "button", class: "chip-button", text: "Say it again", onclick });
    return el("div", { class: "suggestions" }, button);
  }

  #greeting() {
    const music = ["remove the vocals", "make the drums louder", "give me the bass", "put some reverb on the vocals"];
    const speech = ["clean up the speech", "take the silences out", "bring it to -16 LUFS", "clean up the speech, take the silences out and bring it to -16 LUFS"];
    return el(
      "li",
      { class: "turn greeting" },
      el("p", { class: "bubble theirs", text: "What should happen to it? Say it in your own words, or move a fader: both change the same desk." }),
      this.#suggest(music, "For a song"),
      this.#suggest(speech, "For speech"),
    );
  }

  #suggest(words, label = "Suggestions") {
    const buttons = words.map((text) =>
      el("button", { type: "button", class: "chip-button", text, onclick: () => this.#send(text) }),
    );
    return el("div", { class: "suggestions", role: "group", "aria-label": label }, label === "Suggestions" ? "" : el("span", { class: "suggestions-for", text: label }), ...buttons);
  }

  async #send(text) {
    const bare = text.trim();
    if (!bare) return;
    const about = this.#desk.selectedWords;
    const words = about ? `${bare.replace(/[.!]+$/, "")}${about}` : bare;
    this.#desk.select(null);
    this.#field.value = "";
    this.#grow();
    const answer = await this.#session.say(words);
    if (answer) announce(answer.reply);
  }

  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(TALL_PIXELS, this.#field.scrollHeight)}px`;
  }

  /** One line on whatever is waiting or being worked on. */
  #showWork() {
    const work = byId("work");
    const running = this.#session.running;
    work.hidden = running.length === 0;
    if (running.length === 0) {
      work.replaceChildren();
      return;
    }
    const render = running.find(({ state }) => state === "running") ?? running[0];
    const { text, bar } = this.#workParts(work, render);
    const waiting = running.length > 1 ? `, ${running.length - 1} more` : "";
    const left_s = this.#session.left_s(render);
    const until = left_s === null ? "" : `, ${left(left_s)}`;
    text.textContent =
      render.state === "queued"
        ? `Waiting its turn${waiting}`
        : `${this.#whatIsMade(render)} ${percent(render.progress)}${until}${waiting}`;
    bar.value = render.progress;
  }

  #whatIsMade({ desk }) {
    const strips = Object.keys(desk.strips);
    const touched = desk.clean || desk.edits.length || strips.some((name) => stripOf(desk, name).effects.length);
    return touched || strips.length ? "Rendering" : "Separating";
  }

  #workParts(work, render) {
    if (work.dataset.render !== render.id || work.childElementCount === 0) {
      work.dataset.render = render.id;
      work.replaceChildren(
        el("span", { class: "work-text" }),
        el("progress", { max: 1, value: 0, "aria-label": "Progress" }),
        el("button", { type: "button", class: "quiet", text: "Stop", onclick: () => this.#session.cancel(render) }),
      );
    }
    return { text: work.querySelector(".work-text"), bar: work.querySelector("progress") };
  }

  #follow() {
    const behavior = isCalm() ? "auto" : "smooth";
    const scroller = byId("log-scroll");
    scroller.scrollTo({ top: scroller.scrollHeight, behavior });
  }
}
