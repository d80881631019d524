// The stations' form: finds communes while typing, draws the chosen one's boundary, and offers no language twice.

import { all, left, many, number, one, say } from "./parts/dom.js";
import { operatorRequest } from "./parts/operator_request.js";
import { reloadOnce } from "./parts/renew.js";

const PAUSE_MS = 150;

for (const box of all("[data-map]")) {
  const { ground, closer, farther } = box.dataset;
  import("./parts/map.js").then(({ draw }) => draw(box, { ground: ground ?? left("ground"), still: true, words: { closer, farther } }));
}

const own = all("input[name=language]");
const offer = () => {
  for (const each of all("input[name=also]")) {
    each.closest(".choice").hidden = own.some(({ checked, value }) => checked && value === each.value);
  }
};
for (const each of own) each.addEventListener("change", offer);
offer();

const fetching = one("[data-fetching]");
if (fetching) {
  reloadOnce(async () => {
    const { held, running } = await operatorRequest("GET", fetching.dataset.fetching);
    if (!running) return true;
    one("progress", fetching).value = held;
    one("[data-held]", fetching).textContent = number(held);
    return false;
  });
}

const form = one("[data-communes]");
if (form) {
  const words = left("words");
  const asked = one("input[name=q]", form);
  const list = one("[data-found]", form);
  const none = one("[data-none]", form);
  const template = one("template", form);
  let timer;
  let under;

  const line = (commune) => {
    const made = template.content.cloneNode(true);
    one("a", made).href = `/console/stations/new?insee=${encodeURIComponent(commune.insee)}`;
    one("strong", made).textContent = commune.name;
    one("span.quiet", made).textContent = commune.where;
    return made;
  };
  const find = async () => {
    const text = asked.value.trim();
    under?.abort();
    under = new AbortController();
    try {
      const found = text.length < 2 ? { communes: [] } : await operatorRequest("GET", `/console/communes?q=${encodeURIComponent(text)}`, undefined, under.signal);
      list.replaceChildren(...found.communes.map(line));
      none.hidden = text.length < 2 || found.communes.length > 0;
      if (found.communes.length) say(many(words.found, found.communes.length));
    } catch {
      // the button still works without this script
    }
  };
  asked.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE_MS);
  });
}
