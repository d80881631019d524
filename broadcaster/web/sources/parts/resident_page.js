// Requests to the service as a resident, authenticated by the token stored on this device.

import { fact } from "./device.js";
import { left } from "./dom.js";
import { bearer, request, requestText } from "./request.js";

/** The facts that the server left in the page. */
export const given = left("given") || { words: {} };
/** @param {string} name @param {Record<string, any>} [gaps] */
export const word = (name, gaps = {}) =>
  (given.words[name] || name).replace(/%\((\w+)\)s/g, (_, gap) => String(gaps[gap] ?? ""));

/**
 * Send a request with the device's token, or with another one. Throws like ``request``.
 * @param {string} method @param {string} path @param {any} [body] @param {{token?: string|null}} [as]
 */
export async function residentRequest(method, path, body, as = {}) {
  const token = as.token === undefined ? await fact("token") : as.token;
  return request(method, path, body, { headers: bearer(token), credentials: "omit" });
}

/** Return a page that is the resident's own, as HTML. @param {string} path */
export async function page(path) {
  return requestText("GET", path, undefined, { headers: bearer(await fact("token")), credentials: "omit" });
}

/** Format a French number as it is dialled, in pairs; leave other numbers as they are. @param {string} to */
export const dialled = (to) => to.replace(/^\+33(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "0$1\u00a0$2\u00a0$3\u00a0$4\u00a0$5");

/** Return whether an error is the network's. @param {unknown} error */
export const isOffline = (error) => error instanceof TypeError || !navigator.onLine;

/** Return the sentence for an error: no network, one that the page has by its name, or any other. @param {any} error */
export const sentenceOf = (error) => word(isOffline(error) ? "offline" : given.words[error.message] ? error.message : "failed");

/**
 * Run work once, even if its button is pressed again meanwhile.
 * @param {HTMLElement} button @param {() => Promise<any>} work
 */
export async function once(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
