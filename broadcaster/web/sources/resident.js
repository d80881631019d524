// On each resident's page: registers the service worker and sends reports. On "/", shows the alerts at the resident's
// places.

import { residentRequest, word } from "./parts/resident_page.js";
import { every, fact } from "./parts/device.js";
import { dates, make, one, written } from "./parts/dom.js";
import { card } from "./parts/cards.js";
import { mend } from "./parts/pushing.js";
import { tellAll } from "./parts/reports.js";
import { alertsAround } from "./parts/geo.js";

if ("serviceWorker" in navigator) {
  navigator.serviceWorker
    .register("/worker.js")
    .then(() => mend())
    .catch(() => undefined);
  navigator.serviceWorker.addEventListener("message", (event) => event.data?.kind === "alerts" && mine());
}
tellAll().catch(() => undefined);
window.addEventListener("online", () => {
  tellAll().catch(() => undefined);
  mine();
});

// When the browser can install the app, offer it once, on pages that have a place for the offer.
window.addEventListener("beforeinstallprompt", (event) => {
  const place = one("#install");
  if (!place) return;
  event.preventDefault();
  place.hidden = false;
  one("button", place).addEventListener("click", async () => {
    place.hidden = true;
    await /** @type {any} */ (event).prompt();
  });
});

/** Show the alerts at the resident's places on "/"; offline, those shown last. */
async function mine() {
  const block = one("#mine");
  const token = block && (await fact("token"));
  if (!block || !token) return;
  block.hidden = false;
  const list = one(".alerts", block);
  const said = one(".said-of", block);
  try {
    const me = await residentRequest("GET", "/v1/subscribers/me");
    const points = [...me.places, ...(me.position ? [{ ...me.position, label: null }] : [])];
    const found = new Map();
    for (const each of points) {
      for (const alert of (await alertsAround(each.lon, each.lat)).here) {
        const known = found.get(alert.id) || { ...alert, at: [] };
        if (each.label) known.at.push(each.label);
        found.set(alert.id, known);
      }
    }
    for (const { station } of me.follows) {
      const current = await residentRequest("GET", `/v1/stations/${station}/alerts`, undefined, { token: null });
      for (const alert of current.alerts) if (!alert.shape) found.set(alert.id, { ...alert, at: [] });
    }
    list.replaceChildren(...[...found.values()].map((each) => card(each, { places: each.at })));
    said.textContent = me.paused_until
      ? word("paused_until", { time: written(new Date(me.paused_until), { dateStyle: "long", timeStyle: "short" }) })
      : found.size
        ? ""
        : points.length
          ? word("quiet_places")
          : word("no_places");
  } catch (error) {
    if (error.status === 401) {
      block.hidden = true;
      return;
    }
    const kept = (await every("alerts")).filter((each) => Date.parse(each.expires) > Date.now() && each.type !== "cancel");
    list.replaceChildren(...kept.map((each) => make("li", {}, make("a", { href: each.path, class: "line" }, make("strong", {}, each.title)))));
    said.textContent = word("stale", { time: new Date().toLocaleTimeString(dates(), { timeStyle: "short" }) });
  }
}
mine();


