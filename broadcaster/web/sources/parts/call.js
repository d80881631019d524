// Requests from a page of the console: with the session's cookie, and the proof that the page is ours.

import { one } from "./dom.js";
import { Problem, request } from "./request.js";

/**
 * Send a request; a trusted device that is asked who it is shows it, and sends again. Throws as ``request`` does.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal] @param {HeadersInit} [headers]
 */
export async function call(method, path, body, signal, headers = {}) {
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
      throw error; // stopped, or another's passkey: what was asked for still stands
    }
    return await send();
  }
}
