// //here: one press shows the alerts at this position. The service learns only a cell of some kilometres, unless the
// visitor asks for alerts while they are here.

import { residentRequest, given, isOffline, once, sentenceOf, word } from "./parts/resident_page.js";
import { card, moment, textOf } from "./parts/cards.js";
import { drop, fact, keep } from "./parts/device.js";
import { all, language, one, say, submitted, trouble } from "./parts/dom.js";
import { standing, subscribe } from "./parts/pushing.js";
import { alertsAround, distance, locate, side } from "./parts/geo.js";

const look = /** @type {HTMLButtonElement} */ (one("#look"));
const wrong = one("#trouble");
const result = one("#result");
/** @type {any} */
let point = null;

look.addEventListener("click", () =>
  once(look, async () => {
    trouble(wrong, "");
    say(word("locating"));
    try {
      await show(await locate());
    } catch (error) {
      failed(error);
    }
  }),
);

const form = /** @type {HTMLFormElement} */ (one("#elsewhere"));
form.hidden = !given.geocoder;
submitted(form, () => {
  const text = one("input", form).value.trim();
  if (text.length < 3) return;
  once(form, async () => {
    trouble(wrong, "");
    try {
      const found = await residentRequest("GET", `/places?q=${encodeURIComponent(text)}`, undefined, { token: null });
      if (!found.places.length) trouble(wrong, word("no_place"));
      else await show({ ...found.places[0], accuracy: 0 });
    } catch (error) {
      trouble(wrong, isOffline(error) ? word("offline") : word("geocoder_down"));
    }
  });
});

/** @param {{lon: number, lat: number, accuracy: number, label?: string}} at */
async function show(at) {
  point = at;
  const { here: found, nearest } = await alertsAround(at.lon, at.lat, at.accuracy);
  const far = nearest && { distance: distance(nearest.outside), side: word("sides").split("|")[side(nearest.way)] };
  one("h2", result).textContent = found.length ? word("some_here") : far ? word("near_here", far) : word("none_here");
  one(".where", result).textContent = at.label || (at.accuracy > 100 ? word("accuracy", { n: at.accuracy }) : "");
  one(".outside", result).hidden = Boolean(found.length || !far);
  const shown = found.length || !far ? found.map((each) => card(each, { note: each.outside > 0 ? word("near_edge") : "" })) : [card(nearest, { note: textOf(nearest).instruction })];
  one(".alerts", result).replaceChildren(...shown);
  result.classList.toggle("calm", !found.length);
  result.hidden = false;
  one("#stay").hidden = Boolean(at.label) || !["can", "on"].includes(standing());
  one("h2", result).focus();
}

function failed(error) {
  if (error.message === "denied") trouble(wrong, given.geocoder ? word("place_refused") : word("position_denied"));
  else if (error.message === "failed") trouble(wrong, word("position_failed"));
  else trouble(wrong, sentenceOf(error));
  form.querySelector("input")?.focus();
}

// Alerts during a visit ---------------------------------------------------------------------------------------------

for (const button of all("[data-hours]")) {
  button.addEventListener("click", () =>
    once(button, async () => {
      trouble(wrong, "");
      const hours = Number(button.dataset.hours);
      try {
        const subscription = await subscribe();
        const at = { lon: point.lon, lat: point.lat, accuracy_m: point.accuracy };
        const until = new Date(Date.now() + hours * 3600_000).toISOString();
        const token = await fact("token");
        if (token && !(await fact("visit"))) {
          await residentRequest("PUT", "/v1/subscribers/me/push", { subscription });
          await residentRequest("PUT", "/v1/subscribers/me/position", { ...at, hours });
        } else {
          const made = await residentRequest("POST", "/v1/visits", { ...at, subscription, hours, locale: language }, { token: null });
          await keep("token", made.token);
          await keep("visit", made.forget_at);
        }
        await keep("stay", until);
        await staying();
      } catch (error) {
        trouble(wrong, sentenceOf(error));
      }
    }),
  );
}

async function staying() {
  const until = await fact("stay");
  const over = !until || Date.parse(until) < Date.now();
  if (over) {
    await drop("stay");
    if (await fact("visit")) await Promise.all([drop("visit"), drop("token")]); // the service has deleted them too
  }
  one("#staying").hidden = over;
  if (!over) {
    one("#stay").hidden = true;
    one("#staying p").textContent = word("visiting", { time: moment(until) });
    if (navigator.permissions && (await navigator.permissions.query({ name: "geolocation" })).state === "granted") move();
  }
}

/** While the page is open during a visit, report the device's moves to the service. */
function move() {
  let last = 0;
  navigator.geolocation.watchPosition(async ({ coords }) => {
    const until = await fact("stay");
    if (!until || Date.now() - last < 60_000) return;
    last = Date.now();
    const hours = Math.max(0.1, (Date.parse(until) - last) / 3600_000);
    const at = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy, hours };
    await residentRequest("PUT", "/v1/subscribers/me/position", at).catch(() => undefined);
  });
}

const leave = /** @type {HTMLButtonElement} */ (one("#leave"));
leave.addEventListener("click", () =>
  once(leave, async () => {
    try {
      if (await fact("visit")) {
        await residentRequest("DELETE", "/v1/subscribers/me");
        await Promise.all([drop("visit"), drop("token"), drop("stay")]);
      } else {
        await residentRequest("DELETE", "/v1/subscribers/me/position");
        await drop("stay");
      }
    } catch (error) {
      if (isOffline(error)) trouble(wrong, word("offline"));
    }
    await staying();
    say(word("saved"));
  }),
);

staying();
