// Choosing one's home: by this device's position, by an address, or by a press on the map.

import { residentRequest, given, isOffline, once, word } from "./resident_page.js";
import { make, one, say, submitted, trouble } from "./dom.js";
import { locate } from "./geo.js";

/**
 * Make a block of the page choose a point.
 * @param {HTMLElement} within holds .by-position, form.by-address, .found, .by-map, .map-box and .wrong
 * @param {(point: {lon: number, lat: number, label?: string}) => Promise<void>|void} chosen
 * @param {{slug?: string|null, centre?: number[]|null, confirms?: () => boolean}} about the station whose map is shown;
 *   ``confirms``: whether a found address is first shown on the map
 */
export function places(within, chosen, about) {
  const wrong = one(".wrong", within);
  const found = one(".found", within);
  const box = one(".map-box", within);

  const position = /** @type {HTMLButtonElement} */ (one(".by-position", within));
  position.addEventListener("click", () =>
    once(position, async () => {
      trouble(wrong, "");
      say(word("locating"));
      try {
        await chosen(await locate());
      } catch (error) {
        if (!["denied", "failed"].includes(error.message)) throw error;
        trouble(wrong, word(`position_${error.message}`));
      }
    }),
  );

  const form = /** @type {HTMLFormElement} */ (one("form.by-address", within));
  form.toggleAttribute("hidden", !given.geocoder);
  submitted(form, () => {
    const text = one("input", form).value.trim();
    if (text.length >= 3) once(form, () => look(text));
  });

  async function look(text) {
    trouble(wrong, "");
    found.replaceChildren();
    try {
      const near = about.slug ? `&station=${encodeURIComponent(about.slug)}` : "";
      const answer = await residentRequest("GET", `/places?q=${encodeURIComponent(text)}${near}`, undefined, { token: null });
      if (!answer.places.length) trouble(wrong, word("no_place"));
      for (const each of answer.places.slice(0, 5)) {
        const button = make("button", { type: "button", class: "button plain wide" }, each.label);
        button.addEventListener("click", () => once(button, async () => (about.confirms?.() && (await show(each)) ? undefined : chosen(each))));
        found.append(make("li", {}, button));
      }
      found.querySelector("button")?.focus();
    } catch (error) {
      trouble(wrong, isOffline(error) ? word("offline") : word("geocoder_down"));
    }
  }

  const open = /** @type {HTMLButtonElement} */ (one(".by-map", within));
  open.addEventListener("click", () => once(open, () => show()));
  /** @type {any} */
  let seek = null;

  /** Open the map, with the pin at a point if one is given; return whether it came. @param {{lon: number, lat: number}} [point] */
  async function show(point) {
    trouble(wrong, "");
    if (seek) {
      if (point) seek(point);
      return true;
    }
    try {
      if (!document.querySelector("link[data-map]")) {
        document.head.append(make("link", { rel: "stylesheet", href: given.mapCss, "data-map": "" }));
      }
      const { draw, L, pin } = await import("./map.js"); // loaded on demand: some forty kilobytes
      box.hidden = false;
      open.hidden = true;
      const ground = about.slug ? `/map/${about.slug}.json` : "";
      const { map, ready } = draw(box.firstElementChild, { ground, words: given.words });
      // Nobody should press on the map of France while the map data is loading.
      if (about.centre) map.setView([about.centre[1], about.centre[0]], 13, { animate: false });
      const icon = pin();
      /** @type {any} */
      let marker = null;
      const use = /** @type {HTMLButtonElement} */ (one(".use-point", within));
      const put = (point) => {
        marker ? marker.setLatLng(point) : (marker = L.marker(point, { icon, draggable: true, keyboard: false }).addTo(map));
        use.hidden = false;
      };
      seek = ({ lon, lat }) => {
        map.setView([lat, lon], 16, { animate: false });
        put([lat, lon]);
        use.focus();
      };
      if (point) seek(point);
      map.on("click", (event) => put(event.latlng));
      // By keyboard, arrows move the map and Enter puts the pin at its centre.
      box.addEventListener("keydown", (event) => event.key === "Enter" && put(map.getCenter()));
      use.addEventListener("click", () =>
        once(use, async () => chosen({ lon: wrap(marker.getLatLng().lng), lat: marker.getLatLng().lat })),
      );
      say(word("press_map"));
      await ready.catch(() => null); // the map can still be pressed
      return true;
    } catch (error) {
      box.hidden = true;
      open.hidden = false;
      trouble(wrong, isOffline(error) ? word("offline") : word("map_failed"));
      return false;
    }
  }
}

const wrap = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
