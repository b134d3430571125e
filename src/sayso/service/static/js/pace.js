/** How long work will take that tells how far it is. */

const SURE_S = 1.5;
const SURE_SHARE = 0.03;

export class Paces {
  #begun = new Map(); // id -> {at_s, share} when it was first seen at work

  /** Takes notice of how far a piece of work is. */
  note({ id, state, progress }, now_s) {
    if (state !== "running") this.#begun.delete(id);
    else if (!this.#begun.has(id)) this.#begun.set(id, { at_s: now_s, share: progress });
  }

  /** The seconds that are left if it goes on as it has; null as long as that cannot be told. */
  left_s({ id, progress }, now_s) {
    const begun = this.#begun.get(id);
    if (!begun) return null;
    const took_s = now_s - begun.at_s;
    const done = progress - begun.share;
    return took_s < SURE_S || done < SURE_SHARE ? null : (took_s * (1 - progress)) / done;
  }
}
