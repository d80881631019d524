// The service worker: shows pushes, reports that they were shown and opened, and keeps the last alerts and the pages
// around them for when there is no network.

import { every, fact, forget, read, write } from "./parts/device.js";
import { renewed, report, tellAll } from "./parts/reports.js";

const SHELL = "shell-1";
const PAGES = "pages-1";
const FILES = "files-1";
const SHELL_PAGES = ["/", "/here", "/me"];
const FILES_AT_ONCE = KEPT_FILES.map((name) => `/static/${name}`);
const MOST_ALERTS = 30;
const PATIENCE_MS = 4000;
// Longer and harsher the graver it is: a severe alert can be told by touch alone.
const RHYTHMS = {
  extreme: [600, 150, 600, 150, 600, 150, 1200],
  severe: [500, 150, 500, 150, 800],
  moderate: [300, 120, 300],
  minor: [200],
};

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (![SHELL, PAGES, FILES].includes(name)) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

/** Keep the pages that open without a network, and the files that they name. */
async function keepShell() {
  const shell = await caches.open(SHELL);
  const files = await caches.open(FILES);
  const wanted = new Set([...FILES_AT_ONCE, "/icon.svg", "/icons/192.png", "/icons/badge.png"]);
  for (const path of SHELL_PAGES) {
    const answer = await fetch(path, { cache: "reload" }).catch(() => null);
    if (!answer?.ok) continue;
    for (const [found] of (await answer.clone().text()).matchAll(/\/static\/[\w.-]+\.(?:js|css)/g)) {
      if (!found.includes("/map-")) wanted.add(found);
    }
    await shell.put(path, answer);
  }
  for (const path of wanted) await keepFile(files, path);
}

/** Keep a script and those that it imports. @param {Cache} files @param {string} path */
async function keepFile(files, path) {
  if (await files.match(path)) return;
  const answer = await fetch(path).catch(() => null);
  if (!answer?.ok) return;
  await files.put(path, answer.clone());
  if (!path.endsWith(".js")) return;
  for (const [, name] of (await answer.text()).matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    await keepFile(files, `/static/${name}`);
  }
}

self.addEventListener("push", (event) => event.waitUntil(arrived(event.data)));

async function arrived(data) {
  let told = {};
  try {
    told = data?.json() ?? {};
  } catch {
    told = { body: data?.text() };
  }
  const path = told.url ? new URL(told.url, self.location.origin).pathname : "/";
  if (told.type === "welcome") {
    await show({ ...told, path }, { quiet: Boolean(told.quiet) });
    await report(told.receipt, "displayed");
    return;
  }
  const before = told.tag ? await read("alerts", told.tag).catch(() => null) : null;
  // Two of one thread may overtake each other on their way: the later one stays, whichever comes last.
  const late = before && told.id && BigInt(before.id || 0) > BigInt(told.id);
  const shown = late ? before : { ...told, path, came: Date.now() };
  if (shown.tag && !late) await write("alerts", shown.tag, shown).catch(() => undefined);
  await show(shown, { quiet: Boolean(late) });
  await Promise.allSettled([report(told.receipt, "displayed"), late ? null : keepPage(path), trim(), nudge()]);
}

/** @param {any} told @param {{quiet: boolean}} how */
async function show(told, how) {
  const real = !told.status || told.status === "actual";
  const grave = real && ["extreme", "severe"].includes(told.severity) && told.type !== "cancel";
  await self.registration.showNotification(told.title || "Tocsin", {
    body: [told.body, told.station].filter(Boolean).join("\n"),
    lang: told.lang,
    tag: told.tag,
    renotify: Boolean(told.tag) && !how.quiet,
    silent: how.quiet || undefined,
    requireInteraction: grave,
    vibrate: how.quiet ? undefined : (real && RHYTHMS[told.severity]) || [200],
    timestamp: told.sent ? Date.parse(told.sent) : Date.now(),
    icon: "/icons/192.png",
    badge: "/icons/badge.png",
    data: { path: told.path || "/", receipt: told.receipt },
  });
}

/** Keep an alert's page, to be read when the network is gone. @param {string} path */
async function keepPage(path) {
  if (!path.startsWith("/a/")) return;
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  if (answer.ok) {
    await (await caches.open(PAGES)).put(path, answer.clone());
    const files = await caches.open(FILES);
    for (const [found] of (await answer.text()).matchAll(/\/static\/[\w.-]+\.js/g)) await keepFile(files, found);
  }
}

async function trim() {
  const kept = (await every("alerts")).sort((one, other) => other.came - one.came);
  const pages = await caches.open(PAGES);
  for (const old of kept.slice(MOST_ALERTS)) {
    await forget("alerts", old.tag);
    await pages.delete(old.path);
  }
}

/** Pages that are open show what came. */
async function nudge() {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ kind: "alerts" });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path = "/", receipt } = event.notification.data || {};
  event.waitUntil(Promise.allSettled([lead(path), report(receipt, "opened")]));
});

/** Open a page, in a window that is there or in a new one. @param {string} path */
async function lead(path) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const each of windows) {
    if (new URL(each.url).pathname === path) return each.focus();
  }
  const idle = windows.find((each) => ["/", "/me", "/here"].includes(new URL(each.url).pathname) && "navigate" in each);
  if (idle) {
    const focused = await idle.focus().catch(() => null);
    const led = await focused?.navigate(path).catch(() => null);
    if (led) return led;
  }
  return self.clients.openWindow(path);
}

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const old = event.oldSubscription?.endpoint || (await fact("endpoint"));
      const fresh = event.newSubscription || (await self.registration.pushManager.getSubscription()) || (await subscribeAnew(event));
      if (fresh) await renewed(fresh.toJSON(), old);
    })(),
  );
});

async function subscribeAnew(event) {
  const key = event.oldSubscription?.options?.applicationServerKey || (await fact("key"));
  return key ? self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : null;
}

self.addEventListener("sync", (event) => {
  if (event.tag === "reports") event.waitUntil(tellAll());
});

self.addEventListener("message", (event) => {
  if (event.data?.kind === "tell") event.waitUntil(tellAll());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (/^\/(static|icons)\/|^\/icon\.svg$/.test(url.pathname)) event.respondWith(fromFiles(request, url.pathname));
  else if (request.mode === "navigate" && /^\/(?:$|here$|me$|a\/|s\/|sign\/)/.test(url.pathname)) {
    event.respondWith(freshPage(request, url, event));
  }
});

async function fromFiles(request, path) {
  const files = await caches.open(FILES);
  const kept = await files.match(path);
  if (kept) return kept;
  const answer = await fetch(request);
  // What is asked for in parts (a map file) is not kept.
  if (answer.status === 200 && !path.endsWith(".pmtiles")) await files.put(path, answer.clone());
  return answer;
}

/** The page as it is now; as it was, where the network is away or too slow for who waits. */
async function freshPage(request, url, event) {
  const store = await caches.open(SHELL_PAGES.includes(url.pathname) ? SHELL : PAGES);
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok) await store.put(url.pathname, answer.clone());
    return answer;
  });
  event.waitUntil(asked.catch(() => undefined));
  const kept = () => caches.match(url.pathname, { ignoreVary: true });
  const slow = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)).then(kept);
  try {
    return (await Promise.race([asked, slow.then((found) => found || asked)])) || (await asked);
  } catch (error) {
    const found = (await kept()) || (await caches.match("/", { ignoreVary: true }));
    if (found) return found;
    throw error;
  }
}

