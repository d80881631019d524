// Additions to the alert's page, which is complete without scripts: share, "you are here", and the age of a saved page.

import { answering } from "./parts/answering.js";
import { residentRequest } from "./parts/resident_page.js";
import { fact } from "./parts/device.js";
import { all, one, svg, written } from "./parts/dom.js";
import { easyFirst } from "./parts/easy.js";
import { distance, locate, metresOutside } from "./parts/geo.js";

const page = one("article[data-alert]");
const words = page.dataset;

easyFirst(/** @type {HTMLDetailsElement|null} */ (one("#easy")));

const share = /** @type {HTMLButtonElement} */ (one("#share"));
if (share && (navigator.share || navigator.clipboard)) {
  share.hidden = false;
  share.addEventListener("click", async () => {
    const url = words.url;
    try {
      if (navigator.share) await navigator.share({ title: document.title, url });
      else {
        await navigator.clipboard.writeText(url);
        one("#shared").textContent = words.copied;
      }
    } catch {
      // the person cancelled
    }
  });
}

const where = /** @type {HTMLButtonElement} */ (one("#where-am-i"));
const map = one("svg.map");
if (where && map && navigator.geolocation) {
  where.hidden = false;
  where.addEventListener("click", async () => {
    const said = one("#where-said");
    said.textContent = words.locating;
    try {
      const at = await locate();
      const outside = /** @type {number} */ (metresOutside(JSON.parse(words.shape), at.lon, at.lat)); // the button stands beside an area
      said.textContent = outside <= 0 ? words.inside : words.outside.replace("%(distance)s", distance(outside));
      if (outside > 0 && outside <= at.accuracy) said.textContent += ` ${words.edge}`;
      mark(at);
    } catch (error) {
      said.textContent = error.message === "denied" ? words.denied : words.unfound;
    }
  });
}

/** Put the point on the drawing: a plane in metres about the area's middle, as the service drew it. */
function mark(at) {
  const [lon, lat] = words.middle.split(" ").map(Number);
  const box = map.viewBox.baseVal;
  const x = (((at.lon - lon + 540) % 360) - 180) * Math.cos((lat * Math.PI) / 180) * 111320;
  const y = (lat - at.lat) * 111320;
  const size = box.width / 45;
  one("#you", map)?.remove();
  const group = svg("g", { id: "you" });
  if (x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) {
    group.append(
      svg("circle", { cx: x, cy: y, r: Math.max(size * 1.8, Math.min(at.accuracy, box.width / 4)), class: "you-about" }),
      svg("circle", { cx: x, cy: y, r: size, class: "you" }),
      svg("text", { x: x + size * 1.6, y: y + size * 0.6, class: "label", "font-size": size * 1.5 }, words.you),
    );
  }
  map.append(group);
}

const answers = one("#answers");
if (answers) answering(answers).catch(() => undefined);

// A page from the device's cache may be old, and the alert may have ended since.
const made = Date.parse(document.lastModified);
if (Date.now() - made > 90_000) {
  const old = one("#old");
  old.hidden = false;
  const time = written(new Date(made), { dateStyle: "medium", timeStyle: "short" });
  one("span", old).textContent = words.old.replace("%(time)s", time);
  window.addEventListener("online", () => location.reload(), { once: true });
}

// An alert that is over looks so, even on an open or saved page: nobody should follow yesterday's instructions today.
const over = one("#over");
const end = Date.parse(words.expires);
(function wait() {
  const left = end - Date.now();
  if (!over || Number.isNaN(end)) return;
  if (left > 0) {
    setTimeout(wait, Math.min(left, 3600_000));
    return;
  }
  over.hidden = false;
  one("#to-do")?.replaceChildren(words.past);
  for (const each of all(".severity:not(.drill), .do, svg.map .zone:not(.drill)")) {
    each.classList.remove("extreme", "severe", "moderate", "minor");
    each.classList.add("past");
  }
})();

// Report the reading, so that the same alert is not sent after quiet hours.
if (words.opened) {
  fact("token").then((token) => token && residentRequest("PUT", words.opened)).catch(() => undefined);
}
