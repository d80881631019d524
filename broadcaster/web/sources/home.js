// The map of the alerts in force. What can be done with it can be done in the list below it.

import { drawArea, styleOf } from "./parts/compose_area.js";
import { left, one } from "./parts/dom.js";
import { draw, L } from "./parts/map.js";

const given = left("given");
const box = one("#home-map");
if (given && box) {
  const { map, ready } = draw(box, { ...given, still: true });
  ready.then(() => {
    const all = L.featureGroup();
    for (const each of given.areas) {
      const shown = drawArea(map, each.area, each.look === "drill" ? styleOf("exercise", "") : styleOf("actual", each.look));
      shown.bindTooltip(each.label);
      all.addLayer(shown);
    }
    if (all.getBounds().isValid()) map.fitBounds(all.getBounds(), { padding: [32, 32], animate: false, maxZoom: 14 });
  });
}
