// Reports to the service about pushes: shown, opened, renewed. They are stored until sent, so that nothing is lost
// offline.

import { drop, every, fact, forget, keep, read, write } from "./device.js";
import { bearer, send } from "./request.js";

const OLD_MS = 3 * 24 * 3600 * 1000;

/**
 * Store a report and try to send it.
 * @param {string|undefined} receipt its address @param {"displayed"|"opened"} event
 */
export async function report(receipt, event) {
  if (!receipt) return;
  const path = new URL(receipt, self.location.origin).pathname;
  const entry = { path, event, body: null, at: new Date().toISOString() };
  try {
    await write("receipts", `${event} ${path}`, entry);
  } catch {
    await post(entry); // there is no room to store it: try to send it just once
    return;
  }
  await tellAll();
}

/**
 * Store an answer to an alert and try to send it. Return the service's response; undefined without a network (it is
 * sent later), null if it was refused. A later answer replaces an earlier unsent one.
 * @param {string} path @param {any} body
 */
export async function answer(path, body) {
  const entry = { path, event: "answer", body, at: new Date().toISOString() };
  const key = `answer ${path}`;
  await write("receipts", key, entry).catch(() => undefined);
  try {
    const found = await post(entry);
    if (found.status >= 429) throw new TypeError("later");
    await forget("receipts", key).catch(() => undefined);
    return found.ok ? await found.json() : null;
  } catch {
    await /** @type {any} */ (self).registration?.sync?.register("reports").catch(() => undefined);
    return undefined;
  }
}

/** An answer states its age instead of its time, as a device's clock may be wrong. */
async function post({ path, event, at, body }) {
  const mine = path.startsWith("/v1/subscribers/");
  const token = mine ? await fact("token") : null;
  const age_s = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000));
  return send(mine ? "PUT" : "POST", path, body ? { ...body, age_s } : { event, at }, {
    headers: bearer(token),
    keepalive: true,
    credentials: "omit",
  });
}

/** Send the stored reports. Drop old ones, and those that the service does not know. */
export async function tellAll() {
  for (const each of await every("receipts")) {
    const key = `${each.event} ${each.path}`;
    try {
      const answer = await post(each);
      const settled = answer.ok || (answer.status >= 400 && answer.status < 429);
      if (settled || Date.now() - Date.parse(each.at) > OLD_MS) await forget("receipts", key);
    } catch {
      if (Date.now() - Date.parse(each.at) > OLD_MS) await forget("receipts", key);
      await /** @type {any} */ (self).registration?.sync?.register("reports").catch(() => undefined);
      break; // no network: the other reports wait too
    }
  }
  await tellRenewal();
}

/**
 * Store that the browser's subscription changed, and try to report it.
 * @param {any} subscription @param {string} replaces
 */
export async function renewed(subscription, replaces) {
  const before = await read("facts", "renewal");
  await keep("renewal", { subscription, replaces: before?.replaces || replaces });
  await tellRenewal();
}

async function tellRenewal() {
  const renewal = await fact("renewal");
  const token = await fact("token");
  if (!renewal || !token) return;
  try {
    const answer = await send("PUT", "/v1/subscribers/me/push", renewal, { headers: bearer(token), credentials: "omit" });
    if (answer.ok || answer.status === 401 || answer.status === 422) await drop("renewal");
    if (answer.ok) await keep("endpoint", renewal.subscription.endpoint);
  } catch {
    await /** @type {any} */ (self).registration?.sync?.register("reports").catch(() => undefined);
  }
}
