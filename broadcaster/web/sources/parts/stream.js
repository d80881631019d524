// Server-sent events that report when the connection is lost, and reconnect: after a server's restart, in a tunnel, on
// a silently dead connection. The browser alone would not notice the last.

import { send } from "./request.js";

const SILENT_MS = 25_000; // the service sends something every ten seconds
const LONGEST_MS = 10_000;

/**
 * Follow a stream of "report" events.
 * @param {string} url
 * @param {{took: (update: any) => void, lost: (since: Date, ended: boolean) => void, back: () => void}} on
 *   took: called with each event's JSON; lost: nothing has come since that time, and whether the session ended; back:
 * it works again.
 */
export function follow(url, on) {
  /** @type {EventSource | null} */
  let source = null;
  let heard = new Date();
  let away = false;
  let wait = 500;
  let timer = 0;
  let grace = 0;
  let over = false;

  function open() {
    window.clearTimeout(timer);
    if (over) return;
    source?.close();
    const own = (source = new EventSource(url));
    own.addEventListener("report", (event) => {
      window.clearTimeout(grace);
      grace = 0;
      heard = new Date();
      wait = 500;
      on.took(JSON.parse(event.data));
      if (away) {
        away = false;
        on.back();
      }
    });
    own.addEventListener("error", () => {
      if (own !== source) return;
      own.close();
      // A stream that ends for renewed authentication is back at once: do not report a loss.
      if (!away && !grace) grace = window.setTimeout(gone, 1500);
      again();
    });
  }

  function again() {
    window.clearTimeout(timer);
    timer = window.setTimeout(open, wait);
    wait = Math.min(LONGEST_MS, wait * 1.6);
  }

  async function gone() {
    grace = 0;
    away = true;
    on.lost(heard, false);
    if (await signedOut()) {
      over = true;
      window.clearTimeout(timer);
      source?.close();
      on.lost(heard, true);
    }
  }

  window.setInterval(() => {
    if (away || over || Date.now() - heard.getTime() < SILENT_MS) return;
    gone(); // a silently dead connection
    open();
  }, 5000);

  for (const name of ["online", "pageshow"]) window.addEventListener(name, () => away && open());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (away || Date.now() - heard.getTime() > SILENT_MS)) open();
  });
  window.addEventListener("pagehide", () => source?.close());
  open();
}

/** Return whether the session ended, which the stream can't report. */
async function signedOut() {
  try {
    const answer = await send("HEAD", location.href, undefined, { redirect: "manual" });
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}
