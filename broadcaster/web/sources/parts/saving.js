// Files that a page makes on the device.

import { make } from "./dom.js";

const KEPT_MS = 10_000;

/** Let the browser save a text as a file. @param {string} name @param {string} type @param {string} text */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** Let the browser save facts as a file. @param {string} name @param {any} facts */
export const saveJson = (name, facts) => save(name, "application/json", JSON.stringify(facts, null, 2));
