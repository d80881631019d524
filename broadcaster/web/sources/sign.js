// //sign/{station}: a display without interaction. It polls, shows the time of its last contact, keeps its alerts
// through a loss of network or power, and reloads itself at night.

import { given, word } from "./parts/resident_page.js";
import { moment, severity } from "./parts/cards.js";
import { all, dates, fill, make, one, unbroken, written } from "./parts/dom.js";
import { request } from "./parts/request.js";

const EVERY_MS = 15_000;
const LOST_MS = 60_000;
const TURN_MS = 12_000;
const KEPT = `sign ${given.station}`;
const root = one("#sign");
const last = one("#last");
let known = given.now;
let heard = Date.now();
let failing = false;
let turn = 0;
let idling = false;

try {
  const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
  if (kept && Date.parse(kept.at) > Date.parse(known.at)) known = kept;
  heard = Math.min(Date.now(), Date.parse(known.at));
} catch {
  // nothing was stored
}

async function ask() {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), 10_000);
  try {
    const path = `/v1/stations/${given.station}/alerts`;
    const found = await request("GET", path, undefined, { signal: giveUp.signal, cache: "no-store", credentials: "omit" });
    if (!found) throw new Error("no JSON"); // a captive portal's page
    known = found;
    heard = Date.now();
    failing = false;
    try {
      localStorage.setItem(KEPT, JSON.stringify(known));
    } catch {
      // a full storage makes no difference to readers
    }
  } catch {
    failing = true;
  } finally {
    clearTimeout(timer);
  }
  show();
}

/** Return the alerts still in force by this display's own clock, for when there is no network. */
const holding = () => known.alerts.filter((each) => Date.parse(each.expires) > Date.now());

function show() {
  const alerts = holding();
  if (alerts.length || !idling) root.replaceChildren(...(alerts.length ? alerts.map(block) : [one("#idle").content.cloneNode(true)]));
  idling = !alerts.length; // screen readers do not repeat an unchanged idle message

  root.classList.toggle("single", alerts.length === 1);
  const worst = alerts[0];
  document.body.dataset.look = !worst ? "calm" : worst.status === "actual" ? worst.severity : "drill";
  document.body.classList.toggle("exercise", worst?.status === "exercise");
  document.body.classList.toggle("test", worst?.status === "test");
  tick();
  fit();
}

/** Nobody can scroll here, so long text shrinks, down to less than half its size. */
function fit() {
  let size = 100;
  root.style.fontSize = "";
  while (root.scrollHeight > root.clientHeight && size > 45) {
    size -= 5;
    root.style.fontSize = `${size}%`;
  }
}
window.addEventListener("resize", fit);

/** Show an alert in the station's languages, alternating if there are two. */
function block(alert) {
  const languages = given.languages.filter((each) => alert.texts[each]);
  const language = languages[turn % (languages.length || 1)] || Object.keys(alert.texts)[0];
  const text = alert.texts[language];
  const said = (name, gaps = {}) => fill(given.in[language]?.[name] || word(name), gaps);
  const mark = alert.status === "actual" ? "" : `[${said(alert.status)}] `;
  const [since, until] = [alert.sent_at, alert.expires].map((each) => ({ moment: moment(each, given.zone, language) }));
  return make(
    "article",
    { lang: language, class: alert.status === "actual" ? alert.severity : "drill" },
    severity(alert, said),
    make("h1", { dir: "auto" }, mark + unbroken(text.headline)),
    text.instruction ? make("p", { class: "do", dir: "auto" }, unbroken(text.instruction)) : null,
    text.description ? make("p", { class: "said", dir: "auto" }, unbroken(text.description)) : null,
    make("p", { class: "quiet" }, [language === given.languages[0] ? alert.event : "", said("since", since), said("until", until)].filter(Boolean).join(" · ")),
  );
}

function tick() {
  const time = written(new Date(heard), { timeZone: given.zone, weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const lost = failing && Date.now() - heard > LOST_MS;
  last.textContent = lost ? word("lost", { time }) : word("last_word", { time });
  last.classList.toggle("lost", lost);
  for (const clock of all(".clock")) clock.textContent = new Date().toLocaleTimeString(dates(), { timeZone: given.zone, hour: "2-digit", minute: "2-digit" });
  for (const day of all(".day")) day.textContent = written(new Date(), { timeZone: given.zone, weekday: "long", day: "numeric", month: "long" });
}

show();
ask();
setInterval(ask, EVERY_MS);
setInterval(tick, 1000);
setInterval(() => {
  turn++;
  show();
}, TURN_MS);
window.addEventListener("online", ask);

// A display runs for months: reload at four in the morning, if there is a network and no alert is in force.
setInterval(() => {
  if (new Date().getHours() === 4 && !failing && !holding().length && performance.now() > 7_200_000) location.reload();
}, 900_000);

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => undefined);
navigator.wakeLock?.request("screen").catch(() => undefined);
