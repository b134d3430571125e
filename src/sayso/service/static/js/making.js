/**
 * Has made what the desk needs: the sounds that its strips are for, and a render where the browser
 * cannot play the desk by itself. Only the newest desk counts: a render of an older one that has not
 * ended is stopped. Asks once for each change; what fails is not asked for again.
 */

import { sameDesk, targetsOf } from "./desk.js";

const SETTLE_MS = 400;

/**
 * @param {Session} session
 * @param {Listening} listening
 * @returns {() => void} ends it
 */
export function keepMade(session, listening) {
  let seen = null;
  let settling = 0;
  const asked = new Set(); // renders that were asked for here
  const stopped = new Set(); // those of them that were stopped

  const stopOlder = async () => {
    const isOlder = ({ id, desk }) => asked.has(id) && !stopped.has(id) && !sameDesk(desk, listening.desk);
    const older = session.running.filter(isOlder);
    for (const render of older) {
      stopped.add(render.id);
      await session.cancel(render);
    }
  };
  const renderNewest = async () => {
    await stopOlder();
    const { render: known, missing } = listening;
    if (missing.length === 0 || (known !== null && !stopped.has(known.id))) return;
    const render = await session.renderDesk(listening.desk);
    if (render) asked.add(render.id);
    // The desk may have gone on meanwhile.
    await stopOlder();
  };
  const look = async () => {
    const now = `${session.version} ${listening.output}`;
    if (now === seen) return;
    seen = now;
    clearTimeout(settling);
    settling = setTimeout(renderNewest, SETTLE_MS);
    await session.separate(targetsOf(session.desk));
  };
  session.addEventListener("change", look);
  listening.addEventListener("change", look);
  look();
  return () => clearTimeout(settling);
}
