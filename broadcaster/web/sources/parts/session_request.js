// Requests from a console page: with the session's cookie and the CSRF token.

import { one } from "./dom.js";
import { request } from "./request.js";

/**
 * Send a request. Throws like ``request``.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal] @param {HeadersInit}
 * [headers]
 */
export function sessionRequest(method, path, body, signal, headers = {}) {
  const csrf = one('meta[name="csrf"]')?.getAttribute("content") || "";
  return request(method, path, body, { signal, headers: { "X-CSRF": csrf, ...headers } });
}
