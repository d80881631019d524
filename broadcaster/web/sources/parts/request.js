// Requests to the service, and its refusals (RFC 9457). Only this file and the service worker call ``fetch``.

/** A refusal by the service: ``code`` and ``field`` of the first error, and how long to wait before a retry. */
export class Problem extends Error {
  /** @param {number} status @param {any} details the body of the response, if it is JSON @param {number} retryAfter */
  constructor(status, details, retryAfter) {
    super(details?.detail || details?.title || `HTTP ${status}`);
    this.status = status;
    this.details = details;
    this.errors = details?.errors || [];
    this.code = details?.code || "";
    this.field = this.errors[0]?.field || "";
    this.params = this.errors[0]?.params || {};
    this.retryAfter = retryAfter;
  }
}

/** Return the header that authenticates a resident's device. @param {string|null|undefined} token @returns {Record<string, string>} */
export const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

/**
 * Send a request with a JSON body; return the response of any status. Throws TypeError if the network fails.
 * @param {string} method @param {string} path @param {any} [body] @param {RequestInit} [options]
 */
export function send(method, path, body, { headers, ...options } = {}) {
  return fetch(path, {
    method,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    ...options,
  });
}

/**
 * Send a request; return the response's text. Throws Problem, or TypeError without a network.
 * @param {string} method @param {string} path @param {any} [body] @param {RequestInit} [options]
 */
export async function requestText(method, path, body, options) {
  const response = await send(method, path, body, options);
  const text = await response.text();
  if (!response.ok) throw new Problem(response.status, parsed(text), Number(response.headers.get("Retry-After")) || 0);
  return text;
}

/**
 * Send a request; return the response's JSON, or null. Throws like ``requestText``.
 * @param {string} method @param {string} path @param {any} [body] @param {RequestInit} [options]
 */
export async function request(method, path, body, { headers, ...options } = {}) {
  return parsed(await requestText(method, path, body, { headers: { Accept: "application/json", ...headers }, ...options }));
}

/** Return parsed JSON; null for another text, such as a proxy's page. @param {string} text */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
