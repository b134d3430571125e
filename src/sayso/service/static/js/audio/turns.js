/**
 * Takes turns on the line: what is played next goes first, what is only fetched ahead waits, and
 * there is always a connection left for what a hand does.
 */

const AT_ONCE = 4;

export class Turns {
  #waiting = []; // {begin, soon}
  #running = 0;

  /**
   * The result of `load`, which begins when it is its turn.
   * @template T
   * @param {() => Promise<T>} load
   * @returns {{promise: Promise<T>, hurry: () => void}} `hurry` puts it before what can wait
   */
  take(load) {
    const turn = { begin: () => {}, soon: false };
    const promise = new Promise((resolve, reject) => {
      turn.begin = () => load().then(resolve, reject);
    });
    this.#waiting.push(turn);
    // What is asked for in the same breath is put in order first.
    queueMicrotask(() => this.#go());
    return { promise, hurry: () => (turn.soon = true) };
  }

  #go() {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) {
      const soon = this.#waiting.findIndex((turn) => turn.soon);
      const [turn] = this.#waiting.splice(Math.max(0, soon), 1);
      this.#running += 1;
      Promise.resolve(turn.begin()).finally(() => {
        this.#running -= 1;
        this.#go();
      });
    }
  }
}
