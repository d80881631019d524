// Requests for help on the map; the list below has the same content. The page is reloaded when they change.

import { left, one } from "./parts/dom.js";
import { draw, L, pin } from "./parts/map.js";
import { renew } from "./parts/renew.js";

const given = left("given");
const box = one("#help-map");
if (box && given.points.length) {
  const { map } = draw(box, { ...given, still: true, framed: true });
  const all = L.featureGroup(
    given.points.map((each) => {
      const at = L.marker([each.lat, each.lon], { icon: pin(), title: each.name });
      at.on("click", () => (location.hash = `request-${each.id}`));
      return each.accuracy_m ? L.featureGroup([at, L.circle([each.lat, each.lon], { radius: each.accuracy_m, interactive: false })]) : at;
    }),
  ).addTo(map);
  map.fitBounds(all.getBounds(), { padding: [32, 32], animate: false, maxZoom: 16 });
}
renew(given);
