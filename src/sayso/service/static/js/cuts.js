/**
 * The cuts of a session: the timeline that its desk has, and a draft that is heard and seen before it
 * is kept.
 *
 * Events: "change" whenever either did; "problem" with a `Problem` as detail.
 */

import * as api from "./api.js";
import { isWhole, lengthOf, withBack, withEdge, without } from "./timeline.js";

export class Cuts extends EventTarget {
  #session;
  #seen = null; // the edits that `kept` belongs to
  #asked = 0;
  #moving = false;
  #before = null;
  #changed = () => this.#follow();
  kept = null; // null: not known, or nothing is cut
  draft = null;
  scorers = ["level"];
  by = "level";
  busy = false;

  /** @param {Session} session */
  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("change", this.#changed);
    this.#follow();
  }

  close() {
    this.#session.removeEventListener("change", this.#changed);
  }

  get duration_s() {
    return this.#session.source.duration_s;
  }

  /** What is to be heard of the recording; null for all of it, or while it is not known. */
  get shown() {
    return this.draft ?? this.kept;
  }

  /** Whether what the desk says of time is known here. */
  get isKnown() {
    return this.#session.desk.edits.length === 0 || this.kept !== null || this.draft !== null;
  }

  /** What is heard: what is shown, once a hand lets go of it. */
  get heard() {
    return this.#moving ? this.#before : this.shown;
  }

  /** The share of the recording that is heard. */
  get share() {
    return this.shown === null ? 1 : lengthOf(this.shown) / this.duration_s;
  }

  /** Asks a scorer what it would keep; null as `keep` is what a learnt editor does by itself. */
  async choose(by, keep) {
    this.by = by;
    const turn = (this.#asked += 1);
    this.busy = true;
    this.#tell();
    try {
      const chosen = await api.chooseCuts(this.#session.id, { by, keep });
      if (turn === this.#asked) this.#propose(chosen);
    } catch (problem) {
      if (turn === this.#asked) this.#fail(problem);
    } finally {
      if (turn === this.#asked) {
        this.busy = false;
        this.#tell();
      }
    }
  }

  /**
   * Moves one edge of one span.
   * @param {boolean} done false while the hand still moves: seen already, but not yet heard
   */
  move(index, edge, s, done = true) {
    this.#propose(withEdge(this.#base(), index, edge, s, this.duration_s), done);
  }

  /** Cuts a stretch that is heard, or brings one back that is cut. Gives false if nothing would be left. */
  toggle({ start_s: start, end_s: end, kept }) {
    const base = this.#base();
    const next = kept ? without(base, start, end) : withBack(base, start, end);
    if (next !== null) this.#propose(next);
    return next !== null;
  }

  /** Cuts what lies between two moments. */
  cut(start_s, end_s) {
    return this.toggle({ start_s, end_s, kept: true });
  }

  drop() {
    this.#asked += 1;
    this.busy = false;
    this.#moving = false;
    this.draft = null;
    this.#tell();
  }

  /** Puts the draft on the desk; resolves when the service has it. */
  async keep() {
    if (this.draft === null) return;
    const { spans } = this.draft;
    await this.#session.move([{ do: "edit", steps: [{ step: "arrange", spans }] }]);
    await this.#follow();
    this.drop();
  }

  #base() {
    const whole = { spans: [{ start_s: 0, end_s: this.duration_s, gain_db: 0 }], crossfade_s: 0.02, fade_out_s: 0 };
    return this.shown ?? whole;
  }

  #propose(timeline, done = true) {
    if (!done && !this.#moving) this.#before = this.shown;
    this.#moving = !done;
    this.draft = { fade_out_s: 0, ...timeline };
    this.#tell();
  }

  async #follow() {
    const edits = JSON.stringify([this.#session.desk.edits, this.#session.desk.clean]);
    if (edits === this.#seen) return;
    this.#seen = edits;
    this.kept = null;
    try {
      const found = await api.cuts(this.#session.id);
      if (edits !== this.#seen) return;
      this.scorers = found.scorers;
      const known = found.spans !== null && this.#session.desk.edits.length > 0;
      this.kept = known ? found : null;
    } catch (problem) {
      this.#fail(problem);
    }
    this.#tell();
  }

  /** Whether nothing is cut, moved or repeated. */
  get isWhole() {
    return this.shown === null || isWhole(this.shown, this.duration_s);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }

  #fail(problem) {
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }
}
