// The easy text that the alert's page offers beside the message, where what to do is the template's.

import { one } from "./dom.js";

/** @param {{headline: string, instruction: string}|undefined} text @param {string} language */
export function showEasy(text, language) {
  const place = one("#easy");
  place.hidden = !text;
  for (const part of ["headline", "instruction"]) {
    const shown = one(`[data-easy="${part}"]`, place);
    shown.textContent = text?.[part] ?? "";
    shown.lang = language;
  }
}
