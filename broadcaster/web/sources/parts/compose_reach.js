// Live reach during a drag: only the newest move is asked for, and only the newest answer shown.

const AT_ONCE = 2;
const SPACING_MS = 120; // a key's requests per minute are limited, and a drag lasts long

/**
 * Return a function that sends the question that `make` returns at that time. Moves within 120 ms make one question.
 * At most two are pending, so that the last move never waits for a whole answer. An answer that arrives after a newer
 * one is dropped.
 * @param {(question: any) => Promise<any>} ask @param {(answer: any) => void} show @param {(error: any) => void} fail
 */
export function follower(ask, show, fail) {
  let asked = 0;
  let shown = 0;
  let flying = 0;
  let frame = 0;
  let last = -Infinity;
  /** @type {any} */
  let wanted = null;
  let moved = 0;

  function go() {
    frame = 0;
    if (!wanted || flying >= AT_ONCE) return;
    const early = last + SPACING_MS - performance.now();
    if (early > 0) {
      frame = window.setTimeout(go, early);
      return;
    }
    last = performance.now();
    const question = wanted();
    const since = moved;
    wanted = null;
    if (question === null) {
      shown = ++asked; // pending answers are no longer of interest
      return;
    }
    const mine = ++asked;
    flying += 1;
    ask(question)
      .then(
        (answer) => newest(mine) && (show(answer), performance.measure("reach", { start: since, end: performance.now() })),
        (error) => newest(mine) && fail(error),
      )
      .finally(() => {
        flying -= 1;
        go();
      });
  }

  function newest(mine) {
    if (mine < shown) return false;
    shown = mine;
    return true;
  }

  return (make) => {
    wanted = make;
    moved = performance.now();
    if (!frame) frame = requestAnimationFrame(go);
  };
}
