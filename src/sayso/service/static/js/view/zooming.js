/**
 * Zooming and scrolling in time by wheel, by two fingers, by buttons and by a scroll bar; all around
 * the place that is pointed at.
 */

import { byId } from "./dom.js";

const PER_PIXEL = 0.0022;
const BY_BUTTON = 2;

export class Zooming {
  #desk;
  #timeAt;
  #fingers = new Map(); // pointer -> its place on the page
  #pinch = null;
  #bar = byId("time-scroll");
  #placing = false;

  /**
   * @param {DeskView} desk
   * @param {(clientX: number) => number} timeAt the time under a place on the page
   */
  constructor(desk, timeAt) {
    this.#desk = desk;
    this.#timeAt = timeAt;
    byId("zoom-in").onclick = () => desk.zoom(BY_BUTTON);
    byId("zoom-out").onclick = () => desk.zoom(1 / BY_BUTTON);
    byId("zoom-all").onclick = () => desk.zoom(0);
    byId("follow").onclick = () => desk.follow(!desk.isFollowing);
    this.#bar.onscroll = () => {
      // What was placed here is no hand's doing.
      if (this.#placing) this.#placing = false;
      else desk.scrollTo(this.#bar.scrollLeft / this.#bar.firstElementChild.clientWidth);
    };
  }

  /** Listens to wheel and fingers on an element whose width is the time that is shown. */
  attach(element) {
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#touch(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, ({ pointerId }) => {
        this.#fingers.delete(pointerId);
        this.#pinch = null;
      });
    }
  }

  /** Whether two fingers hold the time. */
  get isPinching() {
    return this.#pinch !== null;
  }

  /** Shows by the scroll bar what part is shown. */
  place({ start_s: start, end_s: end }, duration_s) {
    const all = end - start >= duration_s - 1e-6;
    this.#bar.hidden = all;
    byId("zoom-all").disabled = all;
    byId("zoom-out").disabled = all;
    if (all) return;
    const width = (this.#bar.clientWidth * duration_s) / (end - start);
    this.#bar.firstElementChild.style.width = `${width}px`;
    const before = this.#bar.scrollLeft;
    this.#placing = true;
    this.#bar.scrollLeft = (start / duration_s) * width;
    this.#placing = this.#bar.scrollLeft !== before;
  }

  #wheel(event) {
    const { deltaX, deltaY, ctrlKey, shiftKey, clientX, currentTarget } = event;
    const { start_s: start, end_s: end } = this.#desk.view;
    const along = shiftKey && deltaX === 0 ? deltaY : deltaX;
    if (Math.abs(along) > Math.abs(shiftKey ? 0 : deltaY)) {
      event.preventDefault();
      this.#desk.scrollBy((along / currentTarget.clientWidth) * (end - start));
      return;
    }
    event.preventDefault();
    this.#desk.zoom(Math.exp(-deltaY * PER_PIXEL * (ctrlKey ? 3 : 1)), this.#timeAt(clientX));
  }

  #touch(event) {
    if (event.pointerType !== "touch") return;
    this.#fingers.set(event.pointerId, event.clientX);
    if (this.#fingers.size !== 2) return;
    const [a, b] = [...this.#fingers.values()];
    this.#pinch = { apart: Math.max(20, Math.abs(a - b)) };
  }

  #move(event) {
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, event.clientX);
    if (this.#pinch === null || this.#fingers.size !== 2) return;
    const [a, b] = [...this.#fingers.values()];
    const apart = Math.max(20, Math.abs(a - b));
    this.#desk.zoom(apart / this.#pinch.apart, this.#timeAt((a + b) / 2));
    this.#pinch.apart = apart;
  }
}
