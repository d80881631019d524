// The reach follows the finger: of many moves the newest is asked for, and of many answers the newest is shown.

const AT_ONCE = 2;
const SPACING_MS = 120; // a key may ask so often a minute, and a drag lasts

/**
 * Return a function that asks for what `make` gives when its turn comes. Moves within 120 ms are one question; two are
 * under way at most, so that the last move waits for no more than part of one answer; an answer that comes after a
 * newer one is dropped.
 * @param {(question: any) => Promise<any>} ask @param {(answer: any) => void} show @param {(error: any) => void} fail
 */
export function follower(ask, show, fail) {
  let asked = 0;
  let shown = 0;
  let flying = 0;
  let frame = 0;
  let last = -Infinity;
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
      shown = ++asked; // what is still under way is of no interest any more
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
