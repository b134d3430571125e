/**
 * A session as the page knows it: the recording, its desk, what was said, and what is being
 * rendered. Hands move the desk here at once and on the service a moment later.
 *
 * Events: "change" whenever anything did; "problem" with a `Problem` as detail.
 */

import * as api from "./api.js";
import { MIX, complementOf, isNeutral, sameDesk, stripOf, targetsOf, withStrip } from "./desk.js";

const SETTLE_MS = 300;
const RETRY_MS = 1500;
const ENDED = ["done", "failed", "cancelled"];

/** Whether a render is of untouched stems. */
const isOfStems = ({ desk }) =>
  !desk.clean && desk.edits.length === 0 && Object.values(desk.strips).every(isNeutral);

export class Session extends EventTarget {
  #pending = new Map(); // target -> what hands have changed and the service does not know yet
  #sent = []; // the same, on its way
  #settling = 0;
  #sending = Promise.resolve();
  #renders = new Map();
  #ends = new AbortController();

  /** @param {string} id */
  static async open(id) {
    const [state, messages] = await Promise.all([api.session(id), api.messages(id)]);
    return new Session(state, messages);
  }

  constructor(state, messages) {
    super();
    this.id = state.id;
    this.name = state.name;
    this.source = state.source;
    this.messages = messages;
    this.#adopt(state);
    for (const render of state.renders.toReversed()) this.#keep(render);
    this.#follow();
  }

  /** Stops listening to the service. */
  close() {
    this.#ends.abort();
  }

  // What is there

  /** The sounds that have a strip: those that were separated, and those on the desk. */
  strips(order) {
    const known = [...this.#renders.values()].filter(isOfStems).flatMap(({ desk }) => desk.deliver);
    const asked = [...known, ...targetsOf(this.desk), ...Object.keys(this.desk.strips)];
    const names = [...new Set(asked.filter((name) => name !== MIX))];
    const shown = names.filter(
      (name) => complementOf(name) === null || name in this.desk.strips,
    );
    const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
    return shown.sort((a, b) => rank(a) - rank(b));
  }

  /** The separated sound of `target`, or null while there is none. */
  stem(target) {
    return this.#latest((render) => isOfStems(render) && render.state === "done", target);
  }

  /** The render that will bring `target`, or null if none is under way. */
  awaited(target) {
    for (const render of this.#renders.values()) {
      const coming = !ENDED.includes(render.state);
      if (coming && isOfStems(render) && render.desk.deliver.includes(target)) return render;
    }
    return null;
  }

  /** The render of the desk as it stands, whatever its state, or null. */
  get render() {
    const all = [...this.#renders.values()].reverse();
    return all.find(({ desk }) => sameDesk(desk, this.desk)) ?? null;
  }

  /** The latest state of a render. */
  known(id) {
    return this.#renders.get(id);
  }

  /** Renders that are waiting or running. */
  get running() {
    return [...this.#renders.values()].filter(({ state }) => !ENDED.includes(state));
  }

  #latest(matches, target) {
    for (const render of [...this.#renders.values()].reverse()) {
      const track = matches(render) && render.tracks.find((one) => one.target === target);
      if (track) return track;
    }
    return null;
  }

  // Hands

  /**
   * Sets controls of a strip; what `patch` leaves out stays.
   * @param {boolean} done false while the hand still moves
   */
  set(target, patch, done = true) {
    this.desk = withStrip(this.desk, target, { ...stripOf(this.desk, target), ...patch });
    this.#pending.set(target, { ...this.#pending.get(target), ...patch });
    clearTimeout(this.#settling);
    if (done) this.#settling = setTimeout(() => this.flush(), SETTLE_MS);
    this.#tell();
  }

  /** Puts one strip, or with "mix" the master, back to where it began. */
  reset(target) {
    this.#pending.delete(target);
    return this.#change(() => api.patchDesk(this.id, { strips: { [target]: null } }));
  }

  /** Hears and delivers these tracks. */
  deliver(names) {
    return this.#change(() => api.patchDesk(this.id, { deliver: names }));
  }

  /** Makes moves, as one turn. */
  move(moves) {
    return this.#change(() => api.move(this.id, moves));
  }

  undo() {
    return this.#change(() => api.undo(this.id));
  }

  redo() {
    return this.#change(() => api.redo(this.id));
  }

  /** Sends what hands have changed; resolves when the service has it. */
  flush() {
    clearTimeout(this.#settling);
    if (this.#pending.size > 0) {
      const sent = this.#pending;
      this.#pending = new Map();
      this.#sent.push(sent);
      const strips = Object.fromEntries(sent);
      this.#send(async () => {
        try {
          return await api.patchDesk(this.id, { strips });
        } finally {
          this.#sent = this.#sent.filter((one) => one !== sent);
        }
      });
    }
    return this.#sending;
  }

  // Words

  /** Says `text`; the answer is in `messages` when this resolves. */
  async say(text) {
    const message = { text, reply: null, moves: [] };
    this.messages = [...this.messages, message];
    this.#tell();
    const answer = await this.#change(() => api.say(this.id, text), message);
    return answer;
  }

  // Renders

  /** Has these sounds separated. */
  async separate(targets) {
    const missing = targets.filter((name) => !this.stem(name) && !this.awaited(name));
    if (missing.length > 0) await this.#ask(() => api.render(this.id, missing));
  }

  /** Has these sounds rendered together, untouched; resolves with the render, done or not. */
  renderStems(targets) {
    return this.#ask(() => api.render(this.id, targets));
  }

  /** Has the desk rendered as it stands; resolves with the render, done or not. */
  async renderDesk() {
    await this.flush();
    return this.#ask(() => api.render(this.id));
  }

  /** Looks again at what is there: the service keeps the latest renders alone. */
  async reload() {
    try {
      const state = await api.session(this.id);
      this.#renders.clear();
      for (const render of state.renders.toReversed()) this.#keep(render);
      this.#tell();
      await this.separate(targetsOf(this.desk));
    } catch (problem) {
      this.#fail(problem);
    }
  }

  async cancel(render) {
    await this.#ask(() => api.cancel(render.url));
  }

  // Inside

  #tell() {
    this.dispatchEvent(new Event("change"));
  }

  #fail(problem) {
    if (problem.name === "AbortError") return;
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }

  async #change(send, message = null) {
    await this.flush();
    return this.#send(send, message);
  }

  /** One change at a time, in the order of asking. */
  #send(send, message = null) {
    const turn = this.#sending.then(async () => {
      try {
        const answer = await send();
        this.#adopt(answer);
        this.#hear(answer, message);
        return answer;
      } catch (problem) {
        await this.#recover(problem, message);
        return null;
      } finally {
        this.#tell();
      }
    });
    this.#sending = turn;
    return turn;
  }

  #adopt({ version, desk, can_undo: canUndo, can_redo: canRedo }) {
    Object.assign(this, { version, desk, canUndo, canRedo });
    for (const [target, patch] of [...this.#sent, this.#pending].flatMap((one) => [...one])) {
      this.desk = withStrip(this.desk, target, { ...stripOf(this.desk, target), ...patch });
    }
  }

  #hear(answer, message) {
    const { message_id: id, reply, moves, interpreter } = answer;
    const heard = { text: "", ...message, id, reply, moves, interpreter };
    this.messages = [...this.messages.filter((one) => one !== message), heard];
    if (answer.render) this.#keep(answer.render);
  }

  async #recover(problem, message) {
    if (message) message.failed = problem.message;
    else this.#fail(problem);
    try {
      // What hands did was refused, so the desk is again what the service has.
      this.#adopt(await api.session(this.id));
    } catch {
      // The first problem said it already.
    }
  }

  async #ask(send) {
    try {
      const render = await send();
      this.#keep(render);
      this.#tell();
      return render;
    } catch (problem) {
      this.#fail(problem);
      return null;
    }
  }

  #keep(render) {
    const before = this.#renders.get(render.id);
    this.#renders.set(render.id, render);
    if (render.state === "failed" && before && before.state !== "failed" && render.error) {
      this.#fail(new api.Problem(render.error.detail, render.error.status));
    }
  }

  /** Hears of everything that happens to the session, here or elsewhere, until it is closed. */
  async #follow() {
    const { signal } = this.#ends;
    while (!signal.aborted) {
      try {
        for await (const { event, data } of api.events(this.id, signal)) {
          if (event === "render") this.#keep(data);
          if (event === "desk") await this.#catchUp(data.version);
          this.#tell();
        }
      } catch (problem) {
        if (signal.aborted) return;
        if (problem.status >= 400) this.#fail(problem);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (!signal.aborted) await this.#catchUp().catch(() => {});
    }
  }

  /** Takes over what others have changed, once nothing of ours is on its way. */
  async #catchUp(version = Infinity) {
    await this.#sending;
    if (version <= this.version) return;
    const last = this.messages.reduce((most, { id }) => Math.max(most, id ?? 0), 0);
    const [state, messages] = await Promise.all([api.session(this.id), api.messages(this.id, last)]);
    if (state.version < this.version) return;
    this.#adopt(state);
    for (const render of state.renders.toReversed()) this.#keep(render);
    const known = new Set(this.messages.map(({ id }) => id));
    this.messages = [...this.messages, ...messages.filter(({ id }) => !known.has(id))];
  }
}
