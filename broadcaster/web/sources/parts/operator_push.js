// An operator's browser that gets pushes: tells the service where its subscription was renewed.

import { operatorRequest } from "./operator_request.js";

/** Where this browser keeps the endpoint that the service knows. */
export const PUSHED = "tocsin.pushed";

export async function mend() {
  const known = localStorage.getItem(PUSHED);
  if (!known || Notification.permission !== "granted") return;
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  if (!subscription || subscription.endpoint === known) return;
  await operatorRequest("POST", "/console/account/pushes", { subscription: subscription.toJSON(), replaces: known });
  localStorage.setItem(PUSHED, subscription.endpoint);
}
