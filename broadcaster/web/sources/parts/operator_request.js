// Requests from a console page: with the session's cookie and the CSRF token.

import { one } from "./dom.js";
import { Problem, request } from "./request.js";

/**
 * Send a request. If a trusted device is asked for its passkey, show it and send again. Throws like ``request``.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal] @param {HeadersInit}
 * [headers]
 */
export async function operatorRequest(method, path, body, signal, headers = {}) {
  const csrf = one('meta[name="csrf"]')?.getAttribute("content") || "";
  const send = () =>
    request(method, path, body, { signal, headers: { "X-CSRF": csrf, ...headers }, credentials: "same-origin" });
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "passkey-wanted") throw error;
    const { prove } = await import("./passkey.js");
    try {
      await prove();
    } catch {
      throw error; // cancelled, or another person's passkey: the passkey is still required
    }
    return await send();
  }
}
