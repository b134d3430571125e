/** The empty strips of a session that were put away, kept by the browser. */

import { isNeutral, stripOf } from "../desk.js";

export class Away {
  #key;
  #names;

  /** @param {string} session its id */
  constructor(session) {
    this.#key = `sayso.away ${session}`;
    this.#names = new Set(this.#kept());
  }

  /** Whether a strip is put away; one that something was done to is not. */
  isAway(name, desk) {
    return this.#names.has(name) && isNeutral(stripOf(desk, name));
  }

  put(name) {
    this.#names.add(name);
    this.#keep();
  }

  take(name) {
    this.#names.delete(name);
    this.#keep();
  }

  // A browser may refuse to keep anything; then they are back with the next visit.

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "[]");
    } catch {
      return [];
    }
  }

  #keep() {
    try {
      localStorage.setItem(this.#key, JSON.stringify([...this.#names]));
    } catch {
      // see above
    }
  }
}
