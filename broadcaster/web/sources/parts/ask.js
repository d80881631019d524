// Asking the service as a resident: by the token that this device keeps, and nothing else.

import { fact } from "./device.js";
import { left } from "./dom.js";
import { request } from "./request.js";

/** What the page was given by the server. */
export const given = left("given") || { words: {} };
/** @param {string} name @param {Record<string, any>} [gaps] */
export const word = (name, gaps = {}) =>
  (given.words[name] || name).replace(/%\((\w+)\)s/g, (_, gap) => String(gaps[gap] ?? ""));

/**
 * Send a request with the device's token, or with another. Throws as ``request`` does.
 * @param {string} method @param {string} path @param {any} [body] @param {{token?: string|null}} [as]
 */
export async function ask(method, path, body, as = {}) {
  const token = as.token === undefined ? await fact("token") : as.token;
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return request(method, path, body, { headers, credentials: "omit" });
}

/** Write a French number as it is dialled, in pairs; others as they are. @param {string} to */
export const dialled = (to) => to.replace(/^\+33(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "0$1\u00a0$2\u00a0$3\u00a0$4\u00a0$5");

/** Return whether what went wrong is the network. @param {unknown} error */
export const isOffline = (error) => error instanceof TypeError || !navigator.onLine;

/** Put a sentence where a page tells of trouble; an empty one takes it away. @param {Element} place @param {string} sentence */
export function trouble(place, sentence) {
  place.textContent = sentence;
  place.toggleAttribute("hidden", !sentence);
}

/** Do a thing once, however often its button is pressed meanwhile. @param {HTMLElement} button @param {() => Promise<any>} work */
export async function once(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
