// Countdown: <time data-until="2026-07-01T12:00:00Z">at 14:00:00</time> counts down beside its text.

const TICK_MS = 1000;

/** Show the remaining time in each element with data-until. */
export function countDown() {
  window.setInterval(() => {
    for (const each of document.querySelectorAll("time[data-until]")) {
      const time = /** @type {HTMLElement} */ (each);
      const left = Math.max(0, Math.round((Date.parse(time.dataset.until || "") - Date.now()) / TICK_MS));
      time.dataset.said ||= time.textContent || "";
      time.textContent = `${time.dataset.said} (${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")})`;
    }
  }, TICK_MS);
}
