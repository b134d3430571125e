/** The renders of a session: what is made, what is coming, and how long it will take. */

import { isNeutral, sameDesk } from "./desk.js";
import { Paces } from "./pace.js";

const ENDED = ["done", "failed", "cancelled"];

/** Whether a render is of untouched stems. */
const isOfStems = ({ desk }) =>
  !desk.clean && desk.edits.length === 0 && Object.values(desk.strips).every(isNeutral);

const now_s = () => performance.now() / 1000;

export class Renders {
  #all = new Map(); // id -> its latest state
  #paces = new Paces();

  /** Takes over what is known of a render; returns what was known of it before, if anything. */
  keep(render) {
    const before = this.#all.get(render.id);
    this.#all.set(render.id, render);
    this.#paces.note(render, now_s());
    return before;
  }

  clear() {
    this.#all.clear();
  }

  get(id) {
    return this.#all.get(id);
  }

  /** Those that are waiting or running. */
  get running() {
    return [...this.#all.values()].filter(({ state }) => !ENDED.includes(state));
  }

  /** The sounds that were asked for as they are. */
  get sounds() {
    return [...this.#all.values()].filter(isOfStems).flatMap(({ desk }) => desk.deliver);
  }

  /** The separated sound of `target`, or null while there is none. */
  stem(target) {
    for (const render of [...this.#all.values()].reverse()) {
      const isDone = isOfStems(render) && render.state === "done";
      const track = isDone && render.tracks.find((one) => one.target === target);
      if (track) return track;
    }
    return null;
  }

  /** The render that will bring `target`, or null if none is under way. */
  awaited(target) {
    return this.running.find((render) => isOfStems(render) && render.desk.deliver.includes(target)) ?? null;
  }

  /** The latest render of a desk, whatever its state, or null. */
  of(desk) {
    return [...this.#all.values()].findLast((render) => sameDesk(render.desk, desk)) ?? null;
  }

  /** Seconds until a render that is running is done, or null. */
  left_s(render) {
    return this.#paces.left_s(render, now_s());
  }
}
