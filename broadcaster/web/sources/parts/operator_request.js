// Requests that may ask for the operator's passkey once more.

import { Problem } from "./request.js";
import { sessionRequest } from "./session_request.js";

/**
 * Send a request. If a trusted device is asked for its passkey, show it and send again. Throws like ``request``.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal] @param {HeadersInit}
 * [headers]
 */
export async function operatorRequest(method, path, body, signal, headers = {}) {
  try {
    return await sessionRequest(method, path, body, signal, headers);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "passkey-wanted") throw error;
    const { prove } = await import("./passkey.js");
    try {
      await prove();
    } catch {
      throw error; // cancelled, or another person's passkey: the passkey is still required
    }
    return await sessionRequest(method, path, body, signal, headers);
  }
}
