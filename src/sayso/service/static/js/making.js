/**
 * Has made what the desk needs: the sounds that its strips are for, and a render where the browser
 * cannot play the desk by itself. Asks once for each change; what fails is not asked for again.
 */

import { targetsOf } from "./desk.js";

/**
 * @param {Session} session
 * @param {Listening} listening
 */
export function keepMade(session, listening) {
  let seen = null;
  const look = async () => {
    const now = `${session.version} ${listening.output}`;
    if (now === seen) return;
    seen = now;
    await session.separate(targetsOf(session.desk));
    if (listening.missing.length > 0 && session.render === null) await session.renderDesk();
  };
  session.addEventListener("change", look);
  listening.addEventListener("change", look);
  look();
}
