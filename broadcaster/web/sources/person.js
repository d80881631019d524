// The form of a person: looks up an address, or shows a place on the map, without leaving the page.

import { all, left, make, one, say } from "./parts/dom.js";
import { operatorRequest } from "./parts/operator_request.js";

const words = left("words");
const address = one("#address");
const found = one("[data-found]");
const button = one("[data-find]");
const box = one("[data-map]");
const lon = one("#lon");
const lat = one("#lat");
const details = one("details.point");
const station = new URLSearchParams(location.search).get("station") || "";

one("[data-focus]")?.focus();

function choice(value, text, checked) {
  const input = make("input", { type: "radio", name: "point", value, checked });
  return make("label", { class: "choice" }, input, make("span", {}, text));
}

function wrong(sentence) {
  const place = one("#address-wrong") || make("span", { id: "address-wrong", class: "wrong", role: "alert" });
  place.textContent = sentence;
  if (sentence) address.closest(".field").insertBefore(place, address.parentElement);
  else place.remove();
}

async function find() {
  const text = address.value.trim();
  if (text.length < 3) return;
  button.setAttribute("aria-busy", "true");
  try {
    const query = new URLSearchParams({ q: text, ...(station ? { station } : {}) });
    const { places } = await operatorRequest("GET", `/places?${query}`);
    wrong(places.length ? "" : words.nothing);
    const choices = places.map((each, n) => choice(`${each.lon},${each.lat},${each.label}`, each.label, n === 0));
    one("div", found).replaceChildren(...choices, ...(places.length ? [choice("none", words.none, false)] : []));
    found.hidden = !places.length;
    if (places.length) {
      say(words.found);
      one("input", found).focus();
    }
  } catch {
    wrong(words.away);
    details.open = true;
  }
  button.removeAttribute("aria-busy");
}

button.hidden = false;
button.addEventListener("click", find);
address.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !address.value.trim() || all("input", found).length) return;
  event.preventDefault();
  find();
});

// The map is larger than the page, so it is loaded on demand.
let drawn;
async function map() {
  if (drawn || !details.open) return;
  box.parentElement.hidden = false;
  const { draw, L, pin } = await import("./parts/map.js");
  const { ground, closer, farther } = box.dataset;
  drawn = draw(box, { ground, words: { closer, farther } });
  const icon = pin();
  let marker;
  const show = () => {
    const at = [Number(lat.value.replace(",", ".")), Number(lon.value.replace(",", "."))];
    marker?.remove();
    if (lon.value && lat.value && at.every(Number.isFinite)) marker = L.marker([at[0], at[1]], { icon, keyboard: false }).addTo(drawn.map);
    return at;
  };
  drawn.map.on("click", (event) => {
    const at = event.latlng.wrap();
    lon.value = at.lng.toFixed(6);
    lat.value = at.lat.toFixed(6);
    all("input", found).forEach((each) => (each.checked = false));
    show();
    say(words.here);
  });
  for (const each of [lon, lat]) each.addEventListener("change", show);
  await drawn.ready;
  if (lon.value) drawn.map.setView(show(), 16, { animate: false });
}
details.addEventListener("toggle", map);
map();
