// Push on this device: whether it is possible, and subscribing to it.

import { residentRequest, given } from "./resident_page.js";
import { fact, keep } from "./device.js";

const IOS = /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const INSTALLED = window.matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;

/**
 * Return the state of push here: "can", "on" (already allowed), "denied" (permanently in this browser), "ios"
 * (possible once on the home screen) or "cannot".
 */
export function standing() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return IOS && !INSTALLED ? "ios" : "cannot";
  }
  return { granted: "on", denied: "denied" }[Notification.permission] || "can";
}

/** Subscribe a resident's browser; after a press only. Rejects as ``subscription`` does. */
export async function subscribe() {
  const made = await subscription(given.key);
  navigator.storage?.persist?.().catch(() => undefined); // else the browser may forget all that is kept here
  try {
    await keep("key", given.key);
    await keep("endpoint", made.endpoint);
  } catch (error) {
    throw new Error("push_failed", { cause: error });
  }
  return made;
}

/**
 * Return this browser's subscription; after a press only. Rejects with "denied", "dismissed" or "push_failed".
 * @param {string} name the service's public key
 */
export async function subscription(name) {
  const allowed = await Notification.requestPermission();
  if (allowed === "denied") throw new Error("denied");
  if (allowed !== "granted") throw new Error("dismissed");
  try {
    const registration = await ready();
    const key = bytes(name);
    const options = { userVisibleOnly: true, applicationServerKey: key };
    const there = await registration.pushManager.getSubscription();
    if (there && !same(there.options.applicationServerKey, key)) await there.unsubscribe(); // made with an earlier key
    return (await registration.pushManager.subscribe(options)).toJSON();
  } catch (error) {
    console.warn(error);
    throw new Error("push_failed", { cause: error });
  }
}

async function ready() {
  await navigator.serviceWorker.register("/worker.js");
  return navigator.serviceWorker.ready;
}

/** Report a subscription that the browser changed in the background, and that the service does not know. */
export async function mend() {
  if (standing() !== "on" || !(await fact("token"))) return;
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  const known = await fact("endpoint");
  if (!known || !subscription || subscription.endpoint === known) return;
  await residentRequest("PUT", "/v1/subscribers/me/push", { subscription: subscription.toJSON(), replaces: known });
  await keep("endpoint", subscription.endpoint);
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

function same(one, other) {
  const mine = one && new Uint8Array(one);
  return Boolean(mine) && mine.length === other.length && mine.every((byte, at) => byte === other[at]);
}

/**
 * Draw the secret of a new subscriber. It is stored before it is sent, so that a lost answer does not lead to a second
 * subscriber.
 */
export function newToken() {
  const random = crypto.getRandomValues(new Uint8Array(24));
  return `sb_${btoa(String.fromCharCode(...random)).replace(/\+/g, "-").replace(/\//g, "_")}`;
}
