// An alert as it goes out: the parts of the page that change come as they are to stand there. The service made them, with
// the same templates as the page itself, so that what one sees live is what one sees after a reload.

import { countDown } from "./parts/countdown.js";
import { fill, left, one, say } from "./parts/dom.js";
import { follow } from "./parts/stream.js";

const given = left("live");
const pulse = one("#pulse");
const lost = one("#lost");
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: given.zone, timeStyle: "medium", hourCycle: "h23" });
let look = one(".verdict")?.className;

/** Put a part in its place; what had the focus has it again, what was open is open. @param {string} name @param {string} html */
function put(name, html) {
  const place = one(`[data-part="${name}"]`);
  if (!place) return;
  const at = document.activeElement;
  const held = at && place.contains(at) ? at.getAttribute("href") || at.tagName : "";
  const open = [...place.querySelectorAll("details[open]")].map((each) => each.id);
  place.innerHTML = html; // made by the service's own templates, which escape what people wrote
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (held) (place.querySelector(`[href="${CSS.escape(held)}"]`) || place.querySelector(held === "SUMMARY" ? "summary" : "a"))?.focus();
}

function took(told) {
  for (const [name, html] of Object.entries(told.parts)) put(name, html);
  document.title = `${told.title} – Tocsin`;
  pulse.className = "pulse on";
  one("#pulse-words").textContent = `${given.words.live} · ${told.at}`;
  const now = one(".verdict")?.className;
  if (now !== look) say(told.said); // one word when it turns, not four a second
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
  import("./parts/map.js").then(async ({ draw }) => {
    const drawn = [...box.children];
    const place = document.createElement("div");
    place.className = "leaflet-place";
    box.append(place);
    const { map, L, ready } = draw(place, { ...given, still: true });
    const kind = box.querySelector(".zone")?.getAttribute("class") || "zone";
    const zone = L.geoJSON(given.area, /** @type {any} */ ({ interactive: false, smoothFactor: 0.3, style: { className: kind, weight: 3 } })).addTo(map);
    const show = () => map.fitBounds(zone.getBounds().pad(0.3), { animate: false });
    drawn.forEach((each) => each.remove());
    show();
    await ready;
    show();
  }).catch(() => {}); // without Leaflet the drawn map stays; without the ground the area alone is a map
}
