/**
 * Holding a control with a pointer. However the hand lets go, by lifting, by scrolling away with a
 * finger, by losing the window, the control is free again.
 */

const DRAG_PIXELS = 3;

/**
 * @param {HTMLElement} element
 * @param {{begin: Function, move: Function, tap?: Function, end: Function}} hand `begin(event)` gives
 *   what `move(event, held)` goes on from; `end` comes once after moves, `tap(event)` where there were none
 * @returns {{isHeld: boolean}}
 */
export function holding(element, { begin, move, tap, end }) {
  const state = { isHeld: false };
  let held = null;
  let from = null;
  let moved = false;

  function release(event) {
    if (held === null) return;
    held = null;
    state.isHeld = false;
    element.classList.remove("is-held");
    if (moved) end();
    else if (event?.type === "pointerup") tap?.(event);
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // The native slider would jump, and would not tell when it is let go.
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    element.classList.add("is-held");
    state.isHeld = true;
    moved = false;
    from = { x: event.clientX, y: event.clientY };
    held = begin(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (held === null) return;
    if (!moved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < DRAG_PIXELS) return;
    moved = true;
    move(event, held);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    element.addEventListener(name, release);
  }
  return state;
}
