/** The name of the session, which a click or Enter on the pencil changes. */

import { byId } from "./dom.js";

export class NameView {
  #session;
  #shown = byId("session-name");
  #field = byId("session-field");
  #button = byId("rename");

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    this.#button.onclick = () => this.#type();
    this.#field.onblur = () => this.#finish(true);
    this.#field.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.#finish(event.key === "Enter");
      this.#button.focus();
    };
    this.#open(false);
    this.update();
  }

  update() {
    this.#shown.textContent = this.#session.name;
    this.#shown.title = this.#session.name;
    document.title = `${this.#session.name} · Sayso`;
  }

  #open(open) {
    this.#field.hidden = !open;
    this.#shown.hidden = open;
    this.#button.hidden = open;
  }

  #type() {
    this.#field.value = this.#session.name;
    this.#open(true);
    this.#field.focus();
    this.#field.select();
  }

  #finish(keep) {
    if (this.#field.hidden) return;
    const name = this.#field.value.trim();
    this.#open(false);
    if (keep && name && name !== this.#session.name) this.#session.rename(name);
  }
}
