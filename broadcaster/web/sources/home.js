// The map of the alerts in force. What can be done with it can be done in the list below it.

import { drawArea, styleOf } from "./parts/compose_area.js";
import { left, one } from "./parts/dom.js";
import { draw, L } from "./parts/map.js";

const given = left("given");
const box = one("#home-map");
if (given && box) {
  const { map, ready } = draw(box, { ...given, still: true });
  const all = L.featureGroup(
    given.areas.map((each) => drawArea(map, each.area, each.look === "drill" ? styleOf("exercise", "") : styleOf("actual", each.look))),
  );
  const fit = () => all.getBounds().isValid() && map.fitBounds(all.getBounds(), { padding: [32, 32], animate: false, maxZoom: 14 });
  fit();
  ready.then(fit); // its ground comes later, and shows the territory first
}
