// Review of uncertain addresses on a map, by keys: accept, skip, choose. Also shows the progress of the look-up.

import { all, fill, number, one } from "./parts/dom.js";
import { operatorRequest } from "./parts/operator_request.js";
import { reloadOnce } from "./parts/renew.js";

const CLOSE = { tiles: 16, outlines: 13 }; // without tiles, only the boundaries of communes are visible

const box = one("[data-map]");
if (box) {
  const { ground, closer, farther, lon, lat, choose } = box.dataset;
  import("./parts/map.js").then(({ draw, L, pin: drawn, TILES }) => {
    const { map, ready } = draw(box, { ground, words: { closer, farther } });
    const icon = drawn();
    let pin;
    const mark = (at) => {
      pin = pin ? pin.setLatLng(at) : L.marker(at, { icon, keyboard: false, interactive: false }).addTo(map);
    };
    ready.then(() => {
      if (lon === undefined) return;
      mark([lat, lon]);
      map.setView([lat, lon], TILES ? CLOSE.tiles : CLOSE.outlines, { animate: false });
    });
    if (choose === undefined) return;
    const here = one("[data-here]");
    map.on("click", ({ latlng }) => {
      const at = latlng.wrap();
      mark(at);
      here.value = `${at.lng.toFixed(6)},${at.lat.toFixed(6)}`;
      here.hidden = false;
    });
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || /** @type {Element} */ (event.target).closest("input, select, textarea")) return;
  all("[data-key]").find((each) => each.dataset.key === event.key.toLowerCase())?.click();
});

const watched = one("[data-watch]");
const bar = watched && one("progress", watched);
if (bar) {
  const { watch, said, total } = watched.dataset;
  reloadOnce(async () => {
    const { waiting, uncertain } = await operatorRequest("GET", watch);
    if (waiting === 0 || (uncertain && !box)) return true;
    bar.value = total - waiting;
    one("p", watched).textContent = fill(said, { done: number(total - waiting) });
    return false;
  });
}
