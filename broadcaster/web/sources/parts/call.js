// Asking the service from a page of the console: the session's cookie goes along, and the proof that it is our page.

import { one } from "./dom.js";

/** What the service answered instead of what was asked for: RFC 9457. */
export class Problem extends Error {
  /** @param {number} status @param {any} told */
  constructor(status, told) {
    super(told?.detail || told?.title || `HTTP ${status}`);
    this.status = status;
    this.told = told;
    this.errors = told?.errors || [];
    this.retryAfter = 0;
  }
}

/**
 * Ask with JSON, and give the JSON of the answer. Raises Problem; TypeError where nothing answers.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [signal]
 */
export async function call(method, path, body, signal, headers = {}) {
  const answer = await fetch(path, {
    method,
    signal,
    headers: {
      Accept: "application/json",
      "X-CSRF": one('meta[name="csrf"]')?.getAttribute("content") || "",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
  });
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    // a proxy's page, perhaps: the status says enough
  }
  if (!answer.ok) {
    const problem = new Problem(answer.status, told);
    problem.retryAfter = Number(answer.headers.get("Retry-After")) || 0;
    throw problem;
  }
  return told;
}
