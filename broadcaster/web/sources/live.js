// An alert during sending: the page's changing parts arrive as HTML, rendered by the service with the page's own
// templates, so that the live page looks the same as a reloaded one.

import { countDown } from "./parts/countdown.js";
import { fill, left, one, say } from "./parts/dom.js";
import { follow } from "./parts/stream.js";

const given = left("live");
const pulse = one("#pulse");
const lost = one("#lost");
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: given.zone, timeStyle: "medium", hourCycle: "h23" });
let look = one(".verdict")?.className;
let zone = one("#map-box")?.dataset.zone ?? "";

/** Replace a part, keeping focus and open details. @param {string} name @param {string} html */
function put(name, html) {
  const place = one(`[data-part="${name}"]`);
  if (!place) return;
  const at = document.activeElement;
  const held = at && place.contains(at) ? at.getAttribute("href") || at.tagName : "";
  const open = [...place.querySelectorAll("details[open]")].map((each) => each.id);
  place.innerHTML = html; // rendered by the service's templates, which escape people's texts
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (held) (place.querySelector(`[href="${CSS.escape(held)}"]`) || place.querySelector(held === "SUMMARY" ? "summary" : "a"))?.focus();
}

/** Colour the area as the alert now is: grey once it is over. @param {string} now its class */
function colour(now) {
  for (const each of document.querySelectorAll("#map-box .zone")) {
    each.classList.remove(zone);
    each.classList.add(now);
  }
  zone = now;
}

function took(update) {
  for (const [name, html] of Object.entries(update.parts)) put(name, html);
  colour(update.zone);
  document.title = `${update.title} – Tocsin`;
  pulse.className = "pulse on";
  one("#pulse-words").textContent = `${given.words.live} · ${update.at}`;
  const now = one(".verdict")?.className;
  if (now !== look) say(update.said); // announce only changes of the verdict, not every update
  look = now;
}

one("#refresh").hidden = true;
countDown();

follow(given.events, {
  took,
  lost(since, ended) {
    pulse.className = "pulse off";
    one("#pulse-words").textContent = fill(given.words.figures, { time: clock.format(since) });
    const words = one("#lost-words");
    words.textContent = `${fill(given.words.lost, { time: clock.format(since) })} `;
    if (ended) {
      const link = document.createElement("a");
      link.href = `/console/sign-in?then=${encodeURIComponent(location.pathname)}`;
      link.textContent = given.words.ended;
      words.replaceChildren(link);
    }
    lost.hidden = false;
  },
  back() {
    lost.hidden = true;
    say(given.words.back);
  },
});

const box = one("#map-box");
if (box && given.area) {
  import("./parts/map.js").then(({ draw }) => {
    const drawn = [...box.children];
    const place = document.createElement("div");
    place.className = "leaflet-place";
    box.append(place);
    const { map, L } = draw(place, { ...given, still: true, framed: true });
    const area = L.geoJSON(given.area, /** @type {any} */ ({ interactive: false, smoothFactor: 0.3, style: { className: `zone ${zone}`, weight: 3 } })).addTo(map);
    drawn.forEach((each) => each.remove());
    map.fitBounds(area.getBounds().pad(0.3), { animate: false });
  }).catch(() => {}); // without Leaflet the drawn map stays; without map data the area alone is shown
}
