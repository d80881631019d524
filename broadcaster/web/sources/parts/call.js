// Requests from a page of the console: with the session's cookie, and the proof that the page is ours.

import { one } from "./dom.js";
import { request } from "./request.js";

/**
 * Send a request. Throws as ``request`` does.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal] @param {HeadersInit} [headers]
 */
export function call(method, path, body, signal, headers = {}) {
  const csrf = one('meta[name="csrf"]')?.getAttribute("content") || "";
  return request(method, path, body, { signal, headers: { "X-CSRF": csrf, ...headers }, credentials: "same-origin" });
}
