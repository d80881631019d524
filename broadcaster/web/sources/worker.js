// The service worker: shows pushes, reports that they were shown and opened, and stores the last alerts and related
// pages for use without a network.

import badge from "../resident/icons/badge.png";
import icon from "../resident/icons/192.png";
import { every, fact, forget, read, write } from "./parts/device.js";
import { answer, renewed, report, tellAll } from "./parts/reports.js";

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

// The shell and its files belong to a release and are deleted with it; saved pages stay.
const SHELL = `shell-${RELEASE}`;
const FILES = `files-${RELEASE}`;
const PAGES = "pages-1";
const SHELL_PAGES = ["/", "/here", "/me"];
const FILES_AT_ONCE = KEPT_FILES.map((name) => `/static/${name}`);
const MOST_PAGES = 60;
const MOST_ALERTS = 30;
const PATIENCE_MS = 4000;
// Longer and stronger with severity, so that a severe alert can be recognized by touch alone.
const RHYTHMS = {
  extreme: [600, 150, 600, 150, 600, 150, 1200],
  severe: [500, 150, 500, 150, 800],
  moderate: [300, 120, 300],
  minor: [200],
};

worker.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      await keepFilesOfPages();
      for (const name of await caches.keys()) if (![SHELL, PAGES, FILES].includes(name)) await caches.delete(name);
      await worker.clients.claim();
    })(),
  );
});

/** Cache the pages that open without a network, and the files that they name. */
async function keepShell() {
  for (const path of SHELL_PAGES) {
    const fresh = await fetch(path, { cache: "reload" }).catch(() => null);
    // The previous release's page is better than none.
    const answer = fresh?.ok ? fresh : await caches.match(path, { ignoreVary: true });
    if (!answer) continue;
    await keepFiles(await answer.clone().text(), { maps: false });
    await put(SHELL, path, answer);
  }
  for (const path of [...FILES_AT_ONCE, "/icon.svg"]) await keepFile(path);
}

/** Cache the files that saved pages need, before the previous release's files are deleted. */
async function keepFilesOfPages() {
  const pages = await caches.open(PAGES);
  for (const request of await pages.keys()) {
    const page = await pages.match(request, { ignoreVary: true });
    if (page) await keepFiles(await page.text(), { maps: true });
  }
}

/** Cache the scripts and styles that a page names. @param {string} page @param {{maps: boolean}} which */
async function keepFiles(page, which) {
  for (const [path] of page.matchAll(/\/static\/[\w.-]+\.(?:js|css)/g)) {
    if (which.maps || !path.includes("/map-")) await keepFile(path);
  }
}

/**
 * Cache a file, and those that a script imports; a file cached by an earlier release is not fetched again.
 * @param {string} path
 */
async function keepFile(path) {
  const files = await caches.open(FILES);
  if (await files.match(path)) return;
  const kept = path.startsWith("/static/") ? await caches.match(path) : null; // named by its content hash
  const answer = kept || (await fetch(path).catch(() => null));
  if (!answer?.ok) return;
  await put(FILES, path, answer.clone());
  if (!path.endsWith(".js")) return;
  for (const [, name] of (await answer.text()).matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    await keepFile(`/static/${name}`);
  }
}

/**
 * Cache an answer. If there is no room, older pages are deleted; if that is not enough, it is not cached, without an
 * error.
 */
async function put(name, path, answer) {
  try {
    const cache = await caches.open(name);
    try {
      await cache.put(path, answer.clone());
    } catch {
      await trimPages(MOST_PAGES / 4);
      await cache.put(path, answer);
    }
    if (name === PAGES) await trimPages(MOST_PAGES);
  } catch (error) {
    console.warn(error);
  }
}

/** Delete all but the latest pages. @param {number} most */
async function trimPages(most) {
  const pages = await caches.open(PAGES);
  const kept = await pages.keys(); // the oldest first
  for (const request of kept.slice(0, Math.max(0, kept.length - most))) await pages.delete(request, { ignoreVary: true });
}

worker.addEventListener("push", (event) => event.waitUntil(arrived(event.data)));

async function arrived(data) {
  let message;
  try {
    message = data?.json() ?? {};
  } catch {
    message = { body: data?.text() };
  }
  const page = new URL(message.url || "/", worker.location.origin);
  const path = page.pathname;
  if (message.type === "welcome" || message.type === "operator") {
    await show({ ...message, path: path + page.search }, { quiet: Boolean(message.quiet) });
    await report(message.receipt, "displayed");
    return;
  }
  const before = message.tag ? await briefly(read("alerts", message.tag)) : null;
  // Two pushes of one thread may arrive in the wrong order: the newer alert stays.
  const late = before && message.id && BigInt(before.id || 0) > BigInt(message.id);
  const shown = late ? before : { ...message, path, came: Date.now() };
  if (shown.tag && !late) await briefly(write("alerts", shown.tag, shown));
  await show(shown, { quiet: Boolean(late || shown.quiet) });
  await Promise.allSettled([report(message.receipt, "displayed"), late ? null : keepPage(path), trim(), nudge()]);
}

/** Wait for a second at most: storage that fails or hangs holds no alert back. @param {Promise<any>} work */
const briefly = (work) => Promise.race([work.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1000))]);

/** @param {any} message @param {{quiet: boolean}} how */
async function show(message, how) {
  const real = !message.status || message.status === "actual";
  /** @type {any} Chromium's options too: actions, renotify, vibrate */
  const options = {
    body: [message.body, message.station].filter(Boolean).join("\n"),
    lang: message.lang,
    dir: message.dir,
    tag: message.tag,
    renotify: Boolean(message.tag) && !how.quiet,
    silent: how.quiet || undefined,
    requireInteraction: Boolean(message.urgent) && message.type !== "cancel",
    vibrate: how.quiet ? undefined : (real && RHYTHMS[message.severity]) || [200],
    timestamp: message.sent ? Date.parse(message.sent) : Date.now(),
    icon, // within the worker: Chromium shows a notification only after it has fetched its pictures
    badge,
    data: { path: message.path || "/", receipt: message.receipt, answer: message.answer, kept: message.kept, told: message },
    actions: buttons(message),
  };
  await worker.registration.showNotification(message.title || "Tocsin", options);
}

/**
 * Return the answers as buttons: those of the alert's own question if all fit, else help and the best of the others.
 * @param {any} message
 */
function buttons(message) {
  const most = /** @type {any} */ (Notification).maxActions ?? 2;
  const offered = (message.answers || []).map(([action, title]) => ({ action, title }));
  const help = offered.find((each) => each.action === "help");
  const own = offered.some((each) => each.action === "1");
  const others = offered.filter((each) => each !== help);
  if (!help || own) return others.length <= most ? others : [];
  return [...others.slice(-(most - 1)), help]; // the answer "safe" includes "received"
}

/** Cache an alert's page, to read without a network. @param {string} path */
async function keepPage(path) {
  if (!path.startsWith("/a/")) return;
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  await put(PAGES, path, answer.clone());
  await keepFiles(await answer.text(), { maps: true });
}

async function trim() {
  const kept = (await every("alerts")).sort((one, other) => other.came - one.came);
  const pages = await caches.open(PAGES);
  for (const old of kept.slice(MOST_ALERTS)) {
    await forget("alerts", old.tag);
    await pages.delete(old.path);
  }
}

/** Tell open pages to show the new alert. */
async function nudge() {
  for (const client of await worker.clients.matchAll({ type: "window" })) client.postMessage({ kind: "alerts" });
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path = "/", receipt, answer: token, kept, told: message } = event.notification.data || {}; // "told": in notifications already shown, too
  if (event.action && token) {
    event.waitUntil(answered(token, event.action, { ...message, path, kept }));
    return;
  }
  event.waitUntil(Promise.allSettled([lead(path), report(receipt, "opened")]));
});

/**
 * Handle a button of a notification. Help opens the page that says 112 first and can send the position.
 * @param {string} token @param {string} choice @param {any} message
 */
async function answered(token, choice, message) {
  const telling = answer(`/v1/answers/${token}`, { answer: choice });
  if (choice === "help") await lead(`/r/${token}`).catch(() => undefined);
  const found = await telling;
  await show({ ...message, body: found === undefined ? message.kept : found?.said || message.body, answers: null, urgent: false }, { quiet: true });
}

/** Open a page in an existing window or in a new one. @param {string} path */
async function lead(path) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const each of windows) {
    const { pathname, search } = new URL(each.url);
    if (path === pathname || path === pathname + search) return each.focus();
  }
  const idle = windows.find((each) => ["/", "/me", "/here"].includes(new URL(each.url).pathname) && "navigate" in each);
  if (idle) {
    const focused = await idle.focus().catch(() => null);
    const led = await focused?.navigate(path).catch(() => null);
    if (led) return led;
  }
  return worker.clients.openWindow(path);
}

worker.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const old = event.oldSubscription?.endpoint || (await fact("endpoint"));
      const fresh = event.newSubscription || (await worker.registration.pushManager.getSubscription()) || (await subscribeAnew(event));
      if (fresh) await renewed(fresh.toJSON(), old);
    })(),
  );
});

async function subscribeAnew(event) {
  const key = event.oldSubscription?.options?.applicationServerKey || (await fact("key"));
  return key ? worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : null;
}

worker.addEventListener("sync", (/** @type {any} */ event) => {
  if (event.tag === "reports") event.waitUntil(tellAll());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (/^\/(static|icons)\/|^\/icon\.svg$/.test(url.pathname)) event.respondWith(fromFiles(request, url.pathname, event));
  else if (request.mode === "navigate" && /^\/(?:$|here$|me$|a\/|s\/|sign\/)/.test(url.pathname)) {
    event.respondWith(freshPage(request, url, event));
  }
});

async function fromFiles(request, path, event) {
  const kept = await caches.match(path).catch(() => undefined);
  if (kept && path.startsWith("/static/")) return kept; // named by its content hash: it never changes
  const asked = fetch(request);
  // Range requests (of a map file) are not cached.
  const keeping = asked.then((answer) => answer.status === 200 && !path.endsWith(".pmtiles") ? put(FILES, path, answer.clone()) : undefined);
  event.waitUntil(keeping.catch(() => undefined));
  return kept || asked; // an icon is served from the cache, and refreshed for the next time
}

/**
 * Return the current page; or the saved one if the network is down or too slow, or the answer is an error of the
 * service or of its proxy.
 */
async function freshPage(request, url, event) {
  const asked = fetch(request);
  const name = SHELL_PAGES.includes(url.pathname) ? SHELL : PAGES;
  event.waitUntil(asked.then((answer) => answer.ok ? put(name, url.pathname, answer.clone()) : undefined).catch(() => undefined));
  const kept = (path) => caches.match(path, { ignoreVary: true }).catch(() => undefined);
  const slow = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)).then(() => kept(url.pathname));
  try {
    const answer = await Promise.race([asked, slow.then((found) => found || asked)]);
    return answer.status < 500 ? answer : (await kept(url.pathname)) || answer;
  } catch (error) {
    const found = (await kept(url.pathname)) || (await kept("/"));
    if (found) return found;
    throw error;
  }
}
