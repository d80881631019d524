// The map of the alerts in force. The list below it offers the same actions.

import { drawArea, styleOf } from "./parts/compose_area.js";
import { left, one } from "./parts/dom.js";
import { draw, L } from "./parts/map.js";

const given = left("given");
const box = one("#home-map");
if (given && box) {
  const { map } = draw(box, { ...given, still: true, framed: true });
  const all = L.featureGroup(
    given.areas.map((each) => drawArea(map, each.area, each.look === "drill" ? styleOf("exercise", "") : styleOf("actual", each.look))),
  );
  map.fitBounds(all.getBounds(), { padding: [32, 32], animate: false, maxZoom: 14 });
}
