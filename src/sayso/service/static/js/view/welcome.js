/** The first page: drop a recording, try the demo, or go back to an earlier session. */

import * as api from "../api.js";
import { upload } from "../upload.js";
import { clock, percent } from "../units.js";
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";

const KNOWN = 6;
const DAY_S = 86_400;
const UNDO_MS = 8000;

/** How long ago, in words: "today", "3 days ago". */
function ago(then_s) {
  const days = Math.floor((Date.now() / 1000 - then_s) / DAY_S);
  if (days < 1) return "today";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-days, "day");
}

export class WelcomeView {
  #open;
  #stop = null;
  #depth = 0;
  #deleting = new Map(); // id -> what deletes it

  /**
   * @param {(id: string) => void} open goes to a session
   * @param {(files: File[]) => void} take has files that were chosen or dropped opened
   */
  constructor(open, take) {
    this.#open = open;
    const file = byId("file");
    byId("browse").onclick = () => file.click();
    file.onchange = () => {
      const files = [...file.files];
      file.value = "";
      take(files);
    };
    addEventListener("pagehide", () => this.#deleteNow());
    byId("demo").onclick = () => this.#take("Making the demo song", () => api.demo());
    byId("upload-stop").onclick = () => this.#stop?.abort();
    this.#listenForDrops(take);
  }

  /** Lists earlier sessions. */
  async update() {
    this.#deleteNow();
    let sessions = [];
    try {
      sessions = await api.sessions();
    } catch (problem) {
      this.#fail(problem);
    }
    byId("recent").hidden = sessions.length === 0;
    byId("recent-list").replaceChildren(...sessions.slice(0, KNOWN).map((one) => this.#entry(one)));
  }

  /** Uploads a recording and goes to its session. */
  send(file) {
    const stop = new AbortController();
    this.#stop = stop;
    return this.#take(`Uploading ${file.name}`, () =>
      upload(
        file,
        (share) => this.#progress(share < 1 ? `Uploading ${file.name}` : `Reading ${file.name}`, share),
        stop.signal,
      ),
    );
  }

  async #take(what, make) {
    byId("drop-problem").textContent = "";
    this.#progress(what, null);
    announce(what);
    byId("drop").classList.add("is-busy");
    try {
      const { id } = await make();
      this.#open(id);
    } catch (problem) {
      if (problem.name !== "AbortError") this.#fail(problem);
    } finally {
      this.#stop = null;
      byId("drop").classList.remove("is-busy");
      byId("upload").hidden = true;
    }
  }

  #progress(what, share) {
    const bar = byId("upload-bar");
    byId("upload").hidden = false;
    byId("upload-stop").hidden = this.#stop === null;
    byId("upload-text").textContent = share === null || share >= 1 ? `${what}…` : `${what} ${percent(share)}`;
    if (share === null || share >= 1) bar.removeAttribute("value");
    else bar.value = share;
  }

  #fail(problem) {
    byId("drop-problem").textContent = problem.message;
  }

  #entry({ id, name, duration_s: duration, touched_s: touched }) {
    const entry = el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "recent-open", onclick: () => this.#open(id) },
        el("span", { class: "recent-name", text: name }),
        el("span", { class: "recent-facts", text: `${clock(duration, 0)} · ${ago(touched)}` }),
      ),
      el("button", { type: "button", class: "quiet", text: "Delete", "aria-label": `Delete ${name}`, onclick: () => this.#delete(id, name, entry) }),
    );
    return entry;
  }

  /** Deletes a session in a moment; until then it can be had back. */
  #delete(id, name, entry) {
    const keep = () => {
      clearTimeout(this.#deleting.get(id)?.waiting);
      this.#deleting.delete(id);
      notice.replaceWith(entry);
      entry.querySelector("button").focus();
    };
    const undo = el("button", { type: "button", class: "chip-button", text: "Undo", "aria-label": `Keep ${name}`, onclick: keep });
    const notice = el("li", { class: "is-deleted" }, el("span", { class: "recent-name", text: `${name} is deleted` }), undo);
    const now = async () => {
      clearTimeout(this.#deleting.get(id)?.waiting);
      this.#deleting.delete(id);
      await api.forget(id).catch((problem) => this.#fail(problem));
      notice.remove();
      byId("recent").hidden = byId("recent-list").childElementCount === 0;
    };
    this.#deleting.set(id, { now, waiting: setTimeout(now, UNDO_MS) });
    entry.replaceWith(notice);
    undo.focus();
    announce(`${name} is deleted. Undo brings it back`);
  }

  #deleteNow() {
    for (const { now } of [...this.#deleting.values()]) now();
  }

  /** A recording may be dropped anywhere on the page. */
  #listenForDrops(take) {
    const over = (by) => {
      this.#depth += by;
      document.body.classList.toggle("is-dropping", this.#depth > 0);
    };
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => isFile(event) && over(1));
    addEventListener("dragleave", (event) => isFile(event) && over(-1));
    addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      over(-this.#depth);
      take([...event.dataTransfer.files]);
    });
  }
}
