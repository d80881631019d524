// Asking the service as a resident: by the token that this device keeps, and nothing else.

import { fact } from "./device.js";
import { left } from "./dom.js";

/** What the page was given by the server. */
export const given = left("given") || { words: {} };
/** @param {string} name @param {Record<string, any>} [gaps] */
export const word = (name, gaps = {}) =>
  (given.words[name] || name).replace(/%\((\w+)\)s/g, (_, gap) => String(gaps[gap] ?? ""));

/** What the service said no to: status, and the first field that is wrong. */
export class No extends Error {
  constructor(status, told, retryAfter) {
    super(told?.detail || `HTTP ${status}`);
    this.status = status;
    this.field = told?.errors?.[0]?.field || "";
    this.code = told?.code || "";
    this.params = told?.errors?.[0]?.params || {};
    this.retryAfter = retryAfter;
  }
}

/**
 * Ask with JSON; give the answer's JSON, or null. Raises No, and TypeError where there is no network.
 * @param {string} method @param {string} path @param {any} [body] @param {{token?: string|null}} [as]
 */
export async function ask(method, path, body, as = {}) {
  const token = as.token === undefined ? await fact("token") : as.token;
  const answer = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "omit",
  });
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    // a proxy's page, perhaps: the status says enough
  }
  if (!answer.ok) throw new No(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);
  return told;
}

/** Write a French number as it is dialled, in pairs; others as they are. @param {string} to */
export const dialled = (to) => to.replace(/^\+33(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "0$1\u00a0$2\u00a0$3\u00a0$4\u00a0$5");

/** Tell whether what went wrong is the network. @param {unknown} error */
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
