/**
 * The cuts of a session: the timeline that its desk has, and a draft that is heard and seen before it
 * is kept.
 *
 * Events: "change" whenever either did; "problem" with a `Problem` as detail.
 */

import * as api from "./api.js";
import { isPlain, lengthOf, withBack, withEdge, without } from "./timeline.js";

const CROSSFADE_S = 0.02;
const SETTLE_MS = 60; // a slider on its way is not asked about

export class Cuts extends EventTarget {
  #session;
  #seen = null; // the edits that `kept` belongs to
  #asked = 0;
  #looking = false;
  #keeping = false;
  #moving = false;
  #before = null;
  #changed = () => this.#follow();
  kept = null; // null: not known, or nothing is cut
  draft = null;
  scorers = ["level"];
  formats = []; // of other programs
  by = "level";
  asked = null; // the share that a scorer was asked for, which bars seldom meet
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
    if (this.#looking || this.#session.desk.edits.length === 0) return true;
    return this.shown !== null;
  }

  /** Whether a player can cut like that; else it takes a render. */
  get isPlayable() {
    return this.isKnown && (this.shown === null || isPlain(this.shown));
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
  choose(by, keep) {
    this.by = by;
    return this.#ask(keep, () => api.chooseCuts(this.#session.id, { by, keep }));
  }

  /**
   * Takes what a file of another program keeps.
   * @param {() => ?string} askRate asked for the frames a second of a file that does not say them
   */
  bring(file, askRate) {
    return this.#ask(null, async () => {
      const { id } = this.#session;
      const brought = await api.bringCuts(id, file).catch((problem) => {
        const rate = problem.message.includes("--rate") ? askRate() : null;
        if (!rate) throw problem;
        return api.bringCuts(id, file, rate);
      });
      if (brought.notes.length) this.#fail(new Error(brought.notes.join("; ")));
      return brought;
    });
  }

  async #ask(keep, send) {
    this.asked = keep;
    const turn = (this.#asked += 1);
    this.busy = true;
    this.#tell();
    await new Promise((settled) => setTimeout(settled, SETTLE_MS));
    if (turn !== this.#asked) return;
    try {
      const proposed = await send();
      if (turn === this.#asked) this.#propose(proposed);
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
    this.#overrule();
    this.#propose(withEdge(this.#base(), index, edge, s, this.duration_s), done);
  }

  /** Cuts a stretch that is heard, or brings one back; false where nothing would be left. */
  toggle({ start_s: start, end_s: end, kept }) {
    const base = this.#base();
    const next = kept ? without(base, start, end) : withBack(base, start, end);
    this.#overrule();
    if (next !== null) this.#propose(next);
    return next !== null;
  }

  drop() {
    this.#overrule();
    this.#moving = false;
    this.draft = null;
    this.#tell();
  }

  /** Puts the draft on the desk; resolves when the service has it. */
  async keep() {
    const { draft } = this;
    if (draft === null) return;
    this.#keeping = true;
    const move = { do: "edit", steps: [{ step: "arrange", ...draft }] };
    const answer = await this.#session.move([move]);
    this.#keeping = false;
    if (answer !== null) {
      this.#seen = this.#edits;
      this.kept = draft;
      this.drop();
    }
  }

  /** A hand has decided: what a scorer was asked for is not waited for any more. */
  #overrule() {
    this.#asked += 1;
    this.asked = null;
    this.busy = false;
  }

  get #edits() {
    const { edits, clean } = this.#session.desk;
    // What depends on the cleaned sound is known once that is rendered.
    const waits = clean && this.kept === null && this.draft === null;
    const rendered = waits && this.#session.render?.state === "done";
    return JSON.stringify([edits, clean, rendered]);
  }

  #base() {
    return this.shown ?? { spans: [{ start_s: 0, end_s: this.duration_s, gain_db: 0 }] };
  }

  #propose(timeline, done = true) {
    if (!done && !this.#moving) this.#before = this.shown;
    this.#moving = !done;
    // As the desk will have it once it is kept.
    const { spans, crossfade_s = CROSSFADE_S, fade_in_s = 0, fade_out_s = 0 } = timeline;
    this.draft = { spans, crossfade_s, fade_in_s, fade_out_s };
    this.#tell();
  }

  /** Takes over what the desk has; a draft was of what it had before. */
  async #follow() {
    const edits = this.#edits;
    if (this.#keeping || edits === this.#seen) return;
    this.#seen = edits;
    this.kept = null;
    this.asked = null;
    this.draft = null;
    this.#looking = true;
    try {
      const found = await api.cuts(this.#session.id);
      const { scorers, formats, spans, crossfade_s, fade_in_s, fade_out_s } = found;
      if (edits !== this.#seen) return;
      this.scorers = scorers;
      this.formats = formats;
      const known = spans !== null && this.#session.desk.edits.length > 0;
      this.kept = known ? { spans, crossfade_s, fade_in_s, fade_out_s } : null;
    } catch (problem) {
      this.#fail(problem);
    }
    this.#looking = false;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }

  #fail(problem) {
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }
}
