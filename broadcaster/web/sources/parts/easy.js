// Whether this reader wants the easy text first: kept on the device, for every alert's page.

const KEY = "easy";

/** Return whether the easy text comes first. */
export function wantsEasy() {
  try {
    return localStorage.getItem(KEY) === "1";
  } catch {
    return false;
  }
}

/** @param {boolean} wanted */
export function keepEasy(wanted) {
  try {
    localStorage.setItem(KEY, wanted ? "1" : "0");
  } catch {
    // it holds for this page then
  }
}

/** Open an alert's easy text for who wants it first; opening or closing it is the choice. @param {HTMLDetailsElement|null} text */
export function easyFirst(text) {
  if (!text) return;
  text.open = wantsEasy();
  text.addEventListener("toggle", () => keepEasy(text.open));
}
