// What is easy to read of the message: the author's, or the template's while "What to do" is the template's.

import { all } from "./dom.js";

/**
 * Show it in each language's field, except where somebody is writing.
 * @param {Record<string, any>} texts the draft's, by language
 * @param {Record<string, string>} offered what the alert's page would offer
 */
export function showEasy(texts, offered) {
  for (const area of all('textarea[data-text="easy"]')) {
    const code = area.closest("[data-language]").dataset.language;
    if (area !== document.activeElement) area.value = texts[code].easy || offered[code] || "";
  }
}
