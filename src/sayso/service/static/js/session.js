/**
 * A session as the page knows it: the recording, its desk, what was said, and what is being
 * rendered. Hands move the desk here at once and on the service a moment later.
 *
 * Events: "change" whenever anything did; "problem" with a `Problem` as detail.
 */

import * as api from "./api.js";
import { MIX, REST, isSound, sameDesk, stripOf, stripsOf, targetsOf, withStrip } from "./desk.js";
import { merged } from "./messages.js";
import { Renders } from "./renders.js";

const SETTLE_MS = 300;
const RETRY_MS = 1500;
const LONGEST_RETRY_MS = 15_000;

/** Whether it may go well another time: nothing answered, or somebody who was only passing on. */
const isPassing = ({ status }) => status === 0 || status === 429 || status >= 502;

export class Session extends EventTarget {
  #pending = new Map(); // target -> what hands have changed and the service does not know yet
  #sent = []; // the same, on its way
  #settling = 0;
  #retrying = 0;
  #retry_ms = RETRY_MS;
  #seen = 0; // the message up to which all are known
  /** Whether hands have changed something that the service could not be told. */
  unsaved = false;
  #sending = Promise.resolve();
  #renders = new Renders();
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
    this.#seen = messages.at(-1)?.id ?? 0;
    this.#adopt(state);
    for (const render of state.renders.toReversed()) this.#keep(render);
    addEventListener("online", () => this.saveNow(), { signal: this.#ends.signal });
    addEventListener("pagehide", () => this.flush(), { signal: this.#ends.signal });
    this.#follow();
  }

  /** Gives it another name. */
  async rename(name) {
    try {
      this.name = (await api.rename(this.id, name)).name;
    } catch (problem) {
      this.#fail(problem);
    }
    this.#tell();
  }

  /** Stops listening to the service, once it has been told what hands did. */
  close() {
    this.flush();
    clearTimeout(this.#retrying);
    this.#ends.abort();
  }

  // What is there

  /** The strips there are: of sounds that were separated or are on the desk, and of the rest. */
  strips(order) {
    return stripsOf(this.desk, this.#renders.sounds, order);
  }

  /** The sounds of the recording that have a strip. */
  sounds(order) {
    return this.strips(order).filter(isSound);
  }

  /** The message that last asked for tracks; 0 for none. */
  get lastAsked() {
    const asks = ({ moves }) => moves.some((move) => move.do === "extract");
    return this.messages.findLast(asks)?.id ?? 0;
  }

  /** The separated sound of `target`, or null while there is none. */
  stem(target) {
    return this.#renders.stem(target);
  }

  /** The beginning of the sound of `target`, while the rest is being separated, or null. */
  opening(target) {
    return this.awaited(target)?.opening.find((track) => track.target === target) ?? null;
  }

  /** The render that will bring `target`, or null if none is under way. */
  awaited(target) {
    return this.#renders.awaited(target);
  }

  /** The render of the desk as it stands, whatever its state, or null. */
  get render() {
    return this.renderOf(this.desk);
  }

  /** The latest render of a desk, whatever its state, or null. */
  renderOf(desk) {
    return this.#renders.of(desk);
  }

  /** The latest state of a render. */
  known(id) {
    return this.#renders.get(id);
  }

  /** Seconds until a render that is running is done, or null. */
  left_s(render) {
    return this.#renders.left_s(render);
  }

  /** Renders that are waiting or running. */
  get running() {
    return this.#renders.running;
  }

  // Hands

  /**
   * Sets controls of a strip; what `patch` leaves out stays.
   * @param {boolean} done false while the hand still moves
   */
  set(target, patch, done = true) {
    if (target === REST) this.#place(this.sounds([]));
    this.#put(target, patch);
    clearTimeout(this.#settling);
    if (done) this.#settling = setTimeout(() => this.flush(), SETTLE_MS);
    this.#tell();
  }

  /** Puts one strip, or with "mix" the master, back to where it began. */
  reset(target) {
    this.#pending.delete(target);
    return this.#change(() => api.patchDesk(this.id, { strips: { [target]: null } }));
  }

  /** Listens to the mix with these switches: {target: {mute, solo}}. */
  listenTo(strips) {
    return this.#change(() => api.patchDesk(this.id, { strips, deliver: [MIX] }));
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
          const answer = await api.patchDesk(this.id, { strips });
          this.#saved();
          return answer;
        } catch (problem) {
          if (!isPassing(problem)) throw problem;
          this.#putOff(sent);
          return null;
        } finally {
          this.#sent = this.#sent.filter((one) => one !== sent);
        }
      });
    }
    return this.#sending;
  }

  /** Tries again to tell the service what hands have changed. */
  saveNow() {
    clearTimeout(this.#retrying);
    return this.flush();
  }

  #saved() {
    this.unsaved = false;
    this.#retry_ms = RETRY_MS;
  }

  /** Keeps what could not be sent, under what hands have done since, and tries again later. */
  #putOff(sent) {
    const later = this.#pending;
    this.#pending = new Map(sent);
    for (const [target, patch] of later) {
      this.#pending.set(target, { ...this.#pending.get(target), ...patch });
    }
    this.unsaved = true;
    clearTimeout(this.#retrying);
    if (this.#ends.signal.aborted) return;
    this.#retrying = setTimeout(() => this.flush(), this.#retry_ms);
    this.#retry_ms = Math.min(2 * this.#retry_ms, LONGEST_RETRY_MS);
  }

  /** Gives sounds a strip on the desk, so that they are no part of the rest. */
  #place(names) {
    for (const name of names) if (!(name in this.desk.strips)) this.#put(name, {});
  }

  #put(target, patch) {
    this.desk = withStrip(this.desk, target, { ...stripOf(this.desk, target), ...patch });
    this.#pending.set(target, { ...this.#pending.get(target), ...patch });
  }

  // Words

  /** Says `text`; the answer is in `messages` when this resolves. */
  async say(text) {
    const message = { text, reply: null, moves: [] };
    this.messages = [...this.messages, message];
    this.#tell();
    return this.#change(() => api.say(this.id, text), message);
  }

  /** Says once more what could not be said; what had arrived after all is not said twice. */
  async sayAgain(message) {
    try {
      await this.#catchUp();
    } catch (problem) {
      this.#fail(problem);
      return null;
    } finally {
      this.#tell();
    }
    if (!this.messages.includes(message)) return null;
    this.messages = this.messages.filter((one) => one !== message);
    return this.say(message.text);
  }

  // Renders

  /** Gives sounds a strip of their own. */
  addStrips(targets) {
    if (REST in this.desk.strips) {
      this.#place(targets);
      this.flush();
    }
    return this.separate(targets);
  }

  /** Has these sounds separated. */
  async separate(targets) {
    const missing = targets.filter((name) => !this.stem(name) && !this.awaited(name));
    if (missing.length > 0) await this.#ask(() => api.render(this.id, { targets: missing }));
  }

  /** Has these sounds rendered together, untouched; resolves with the render, done or not. */
  renderStems(targets) {
    return this.#ask(() => api.render(this.id, { targets }));
  }

  /** Has a desk rendered, that of the session by itself; resolves with the render, done or not. */
  async renderDesk(desk = null) {
    await this.flush();
    const other = desk !== null && !sameDesk(desk, this.desk);
    return this.#ask(() => api.render(this.id, other ? { desk } : {}));
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
        if (answer === null) return null;
        const missed = answer.version > this.version + 1;
        this.#adopt(answer);
        this.#hear(answer, message);
        if (missed) await this.#fetchMessages().catch(() => {});
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
    this.messages = this.messages.filter((one) => one !== message);
    this.messages = merged(this.messages, [heard]);
    if (answer.render) this.#keep(answer.render);
  }

  async #recover(problem, message) {
    if (message) Object.assign(message, { failed: problem.message, again: isPassing(problem) });
    else this.#fail(problem);
    if (isPassing(problem)) return;
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
    const before = this.#renders.keep(render);
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
      if (!signal.aborted) await this.#catchUp().then(() => this.#tell(), () => {});
    }
  }

  /** Takes over what others have changed, once nothing of ours is on its way. */
  async #catchUp(version = Infinity) {
    await this.#sending;
    if (version <= this.version) return;
    const [state] = await Promise.all([api.session(this.id), this.#fetchMessages()]);
    this.name = state.name;
    if (state.version < this.version) return;
    this.#adopt(state);
    for (const render of state.renders.toReversed()) this.#keep(render);
  }

  /** Everything that was said since we last looked, here or elsewhere. */
  async #fetchMessages() {
    const messages = await api.messages(this.id, this.#seen);
    this.#seen = Math.max(this.#seen, messages.at(-1)?.id ?? 0);
    this.messages = merged(this.messages, messages);
  }
}
