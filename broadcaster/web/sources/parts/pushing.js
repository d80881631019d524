// Push on this device: whether it can be had, and having it.

import { ask, given } from "./ask.js";
import { fact, keep } from "./device.js";

const IOS = /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const INSTALLED = window.matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;

/**
 * Return the state of push here: "can", "on" (allowed already), "denied" (for good, here), "ios" (once it is on the
 * home screen) or "cannot".
 */
export function standing() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return IOS && !INSTALLED ? "ios" : "cannot";
  }
  return { granted: "on", denied: "denied" }[Notification.permission] || "can";
}

/** Subscribe this browser; after a press only. Rejects with "denied", "dismissed" or "push_failed". */
export async function subscribe() {
  const allowed = await Notification.requestPermission();
  if (allowed === "denied") throw new Error("denied");
  if (allowed !== "granted") throw new Error("dismissed");
  try {
    const registration = await ready();
    const key = bytes(given.key);
    const options = { userVisibleOnly: true, applicationServerKey: key };
    const there = await registration.pushManager.getSubscription();
    if (there && !same(there.options.applicationServerKey, key)) await there.unsubscribe(); // of a key that was changed
    const subscription = await registration.pushManager.subscribe(options);
    navigator.storage?.persist?.().catch(() => undefined); // else the browser may forget all that is kept here
    await keep("key", given.key);
    await keep("endpoint", subscription.endpoint);
    return subscription.toJSON();
  } catch (error) {
    console.warn(error);
    throw new Error("push_failed", { cause: error });
  }
}

async function ready() {
  await navigator.serviceWorker.register("/worker.js");
  return navigator.serviceWorker.ready;
}

/** Mend what the browser changed while nobody looked: another subscription than the one the service knows. */
export async function mend() {
  if (standing() !== "on" || !(await fact("token"))) return;
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  const known = await fact("endpoint");
  if (!known || !subscription || subscription.endpoint === known) return;
  await ask("PUT", "/v1/subscribers/me/push", { subscription: subscription.toJSON(), replaces: known });
  await keep("endpoint", subscription.endpoint);
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

function same(one, other) {
  const mine = one && new Uint8Array(one);
  return Boolean(mine) && mine.length === other.length && mine.every((byte, at) => byte === other[at]);
}

/** Draw a secret for a subscriber to be: kept before it is sent, so that a lost answer makes no second one. */
export function newToken() {
  const random = crypto.getRandomValues(new Uint8Array(24));
  return `sb_${btoa(String.fromCharCode(...random)).replace(/\+/g, "-").replace(/\//g, "_")}`;
}
