// JSON requests to the service, and its refusals (RFC 9457).

/** A refusal by the service: ``code`` and ``field`` of the first error, and how long to wait before a retry. */
export class Problem extends Error {
  /** @param {number} status @param {any} told @param {number} retryAfter */
  constructor(status, told, retryAfter) {
    super(told?.detail || told?.title || `HTTP ${status}`);
    this.status = status;
    this.told = told;
    this.errors = told?.errors || [];
    this.code = told?.code || "";
    this.field = this.errors[0]?.field || "";
    this.params = this.errors[0]?.params || {};
    this.retryAfter = retryAfter;
  }
}

/**
 * Send a request; return the answer's JSON, or null. Throws Problem, or TypeError without a network.
 * @param {string} method @param {string} path @param {any} body @param {RequestInit} options
 */
export async function request(method, path, body, { headers, ...options }) {
  const answer = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    ...options,
  });
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    // perhaps a proxy's page: the status suffices
  }
  if (!answer.ok) throw new Problem(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);
  return told;
}
