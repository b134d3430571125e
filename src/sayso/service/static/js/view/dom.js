/** Making and finding elements. */

/**
 * A new element.
 * @param {string} tag
 * @param {object} [given] attributes; "on…" are listeners, `text` its text; null leaves out
 * @param {...(Node|string|null)} children
 */
export function el(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("aria-")) node.setAttribute(name, value);
    else if (value === false) continue;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** A new SVG element. */
export function svg(tag, given = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

const probe = document.createElement("i");

/** A colour of the theme as canvas takes it. */
export function colour(name) {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** Whether the page is a phone's. */
export const isNarrow = () => matchMedia("(max-width: 760px)").matches;

/** Whether the person asked for less movement. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
