/**
 * Recordings that arrive where they are not awaited: one in an open session, which asks where it shall
 * go, or several at once, each of which gets a session of its own and may be told something at once.
 */

import * as api from "../api.js";
import { upload } from "../upload.js";
import { percent } from "../units.js";
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";

export class Arrived {
  #dialog = byId("arrived");
  #files = [];
  #lines = [];
  #stop = new AbortController();
  #busy = false;

  /** @param {{openOne: (file: File) => void, current: () => string|null}} given */
  constructor({ openOne, current }) {
    this.openOne = openOne;
    this.current = current;
    this.#dialog.addEventListener("close", () => this.#stop.abort());
    byId("arrived-form").onsubmit = (event) => {
      event.preventDefault();
      if (this.#busy) return;
      if (this.#files.length === 1) {
        this.#dialog.close();
        this.openOne(this.#files[0]);
      } else this.#openAll();
    };
  }

  /** Takes files that were chosen or dropped. */
  take(files) {
    if (this.#busy || files.length === 0) return;
    const current = this.current();
    if (files.length === 1 && current === null) {
      this.openOne(files[0]);
      return;
    }
    this.#files = files;
    this.#stop = new AbortController();
    const one = files.length === 1;
    byId("arrived-title").textContent = one ? "Another recording" : `${files.length} recordings`;
    const stays = current === null ? "" : ` \u201c${current}\u201d stays as it is, among the sessions on the start page.`;
    byId("arrived-words").textContent = one
      ? `\u201c${files[0].name}\u201d opens in a session of its own.${stays}`
      : `Each of them opens in a session of its own, one after the other.${stays}`;
    byId("arrived-say-row").hidden = one;
    byId("arrived-go").hidden = false;
    byId("arrived-go").textContent = one ? "Open it" : "Open all";
    byId("arrived-stay").textContent = "Not now";
    this.#lines = files.map(({ name }) => {
      const state = el("span", { class: "dim" });
      return { state, element: el("li", {}, el("span", { class: "arrived-name", text: name }), state) };
    });
    byId("arrived-list").hidden = one;
    byId("arrived-list").replaceChildren(...this.#lines.map(({ element }) => element));
    this.#dialog.showModal();
  }

  async #openAll() {
    const words = byId("arrived-say").value.trim();
    const { signal } = this.#stop;
    this.#busy = true;
    byId("arrived-go").hidden = true;
    byId("arrived-stay").textContent = "Stop";
    for (const [at, file] of this.#files.entries()) {
      if (signal.aborted) break;
      await this.#openOneOf(file, this.#lines[at], words, signal);
    }
    this.#busy = false;
    byId("arrived-stay").textContent = "Done";
    announce("All of them are open");
  }

  /** What goes wrong with one is said at it, and keeps none of the others. */
  async #openOneOf(file, { state, element }, words, signal) {
    try {
      const told = (share) => (state.textContent = share < 1 ? percent(share) : "Reading\u2026");
      const { id } = await upload(file, told, signal);
      const { reply } = words ? await api.say(id, words, true) : { reply: "" };
      const link = el("a", { href: `#${id}`, text: "Open", onclick: () => this.#dialog.close() });
      state.replaceChildren(reply ? `${reply} ` : "", link);
    } catch (problem) {
      if (problem.name === "AbortError") {
        state.textContent = "Stopped";
        return;
      }
      state.textContent = problem.message;
      element.classList.add("is-failed");
    }
  }
}
