// What is told to the service about pushes: shown, opened, renewed. Kept until it was told; nothing is lost offline.

import { drop, every, fact, forget, keep, read, write } from "./device.js";

const OLD_MS = 3 * 24 * 3600 * 1000;

/** Keep a report and try to tell it. @param {string|undefined} receipt its address @param {"displayed"|"opened"} event */
export async function report(receipt, event) {
  if (!receipt) return;
  const path = new URL(receipt, self.location.origin).pathname;
  const told = { path, event, at: new Date().toISOString() };
  try {
    await write("receipts", `${event} ${path}`, told);
  } catch {
    await send(told); // there is no room to keep it: it is told now, or not at all
    return;
  }
  await tellAll();
}

const send = ({ path, event, at }) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ event, at }),
    keepalive: true,
    credentials: "omit",
  });

/** Send the reports that are left. What the service knows nothing of, and what is old, is let go. */
export async function tellAll() {
  for (const each of await every("receipts")) {
    const key = `${each.event} ${each.path}`;
    try {
      const answer = await send(each);
      const settled = answer.ok || (answer.status >= 400 && answer.status < 429);
      if (settled || Date.now() - Date.parse(each.at) > OLD_MS) await forget("receipts", key);
    } catch {
      if (Date.now() - Date.parse(each.at) > OLD_MS) await forget("receipts", key);
      await /** @type {any} */ (self).registration?.sync?.register("reports").catch(() => undefined);
      break; // no network: the rest waits too
    }
  }
  await tellRenewal();
}

/** Keep that the browser's subscription changed, and try to tell it. @param {any} subscription @param {string} replaces */
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
    const answer = await fetch("/v1/subscribers/me/push", {
      method: "PUT",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(renewal),
      credentials: "omit",
    });
    if (answer.ok || answer.status === 401 || answer.status === 422) await drop("renewal");
    if (answer.ok) await keep("endpoint", renewal.subscription.endpoint);
  } catch {
    await /** @type {any} */ (self).registration?.sync?.register("reports").catch(() => undefined);
  }
}
