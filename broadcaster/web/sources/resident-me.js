// //me: the stations I follow, my contacts and places; pause, download, leave.

import { residentRequest, dialled, given, isOffline, once, page, sentenceOf, word } from "./parts/resident_page.js";
import { moment } from "./parts/cards.js";
import { codes } from "./parts/codes.js";
import { fact, forgetAll } from "./parts/device.js";
import { all, button, fill, make, one, say, submitted, trouble } from "./parts/dom.js";
import { keepEasy, wantsEasy } from "./parts/easy.js";
import { identity } from "./parts/identity.js";
import { places } from "./parts/places.js";
import { standing, subscribe } from "./parts/pushing.js";
import { save, saveJson } from "./parts/saving.js";
import { trial } from "./parts/trials.js";
import { distance, side, wayInto } from "./parts/geo.js";

const root = one("#me");
const wrong = one("#trouble");
/** @type {any} */
let me = null;
const FAR_M = 30_000;
const CENTRE_M = 120;
/** @type {any[]} the last test of each contact */
let tried = [];

async function load() {
  if (!(await fact("token"))) return nobody();
  try {
    const found = await residentRequest("GET", "/v1/subscribers/me");
    tried = (await residentRequest("GET", "/v1/subscribers/me/trials")).trials;
    const endpoint = await fact("endpoint");
    me = found; // with its lines: their buttons change what is shown
    show(endpoint);
    root.hidden = false;
    trouble(wrong, "");
  } catch (error) {
    if (error.status === 401) {
      await forgetAll();
      return nobody();
    }
    trouble(wrong, sentenceOf(error));
  }
  return undefined;
}

function nobody() {
  root.hidden = true;
  one("#nobody").hidden = false;
}

/** Run an action and show the new state, or the error. */
const doing = (pressed, work) =>
  once(pressed, async () => {
    try {
      trouble(wrong, "");
      await work();
      await load();
      say(word("saved"));
    } catch (error) {
      trouble(wrong, sentenceOf(error));
      wrong.scrollIntoView({ block: "center" });
    }
  });

/** @param {string} selector @param {() => Promise<any>} work */
const press = (selector, work) => one(selector, root).addEventListener("click", (event) => doing(event.currentTarget, work));

const change = (patch) => residentRequest("PATCH", "/v1/subscribers/me", patch);

/** @param {string} selector @param {any[]} rows @param {(row: any) => Node} line */
function list(selector, rows, line) {
  one(selector, root).replaceChildren(...(rows.length ? rows.map(line) : [make("li", { class: "quiet" }, word("nothing_here"))]));
}

/** Return a line with a button that asks for confirmation. */
function line(title, note, verb, sure, work) {
  const asked = button(verb, title, () => window.confirm(sure) && doing(asked, work));
  return make("li", { class: "row apart" }, make("div", {}, make("strong", {}, title), note ? make("span", { class: "quiet small block" }, note) : null), asked);
}

/** Return a labelled choice. @param {string} name @param {string} title @param {string[][]} options value and word */
function choice(name, title, options, chosen) {
  const select = /** @type {HTMLSelectElement} */ (make("select", { id: name, name }, ...options.map(([value, said]) => make("option", { value }, said))));
  select.value = chosen;
  return make("div", { class: "field" }, make("label", { for: name }, title), select);
}

/** The form of choices for one station; each change is saved at once. */
function wishes(follow) {
  const { station, least, topics } = follow;
  const when = ["now", "digest", "mute"].map((each) => [each, word(`topic_is_${each}`)]);
  const gravity = ["minor", "moderate", "severe"].map((each) => [each, word(`least_${each}`)]);
  const form = /** @type {HTMLFormElement} */ (make(
    "form",
    {},
    make("p", { class: "quiet small" }, word("wishes_note")),
    choice(`least-${station}`, word("least"), gravity, least),
    ...topics.map((topic) => choice(`topic-${station}-${topic.slug}`, topic.name || word(`topic_${topic.slug}`), when, topic.choice)),
  ));
  const save = async () => {
    const picked = (value) => topics.filter((topic) => form.elements[`topic-${station}-${topic.slug}`].value === value).map((topic) => topic.slug);
    try {
      await residentRequest("PUT", `/v1/subscribers/me/follows/${station}/wishes`, { least: form.elements[`least-${station}`].value, mute: picked("mute"), digest: picked("digest") });
      trouble(wrong, "");
      say(word("saved"));
    } catch (error) {
      trouble(wrong, sentenceOf(error));
    }
  };
  let saving = Promise.resolve(); // one after the other: an older choice must not arrive last
  form.addEventListener("change", () => (saving = saving.then(save)));
  return make("details", { class: "more" }, make("summary", {}, word("wishes", { name: given.stations[station] || station })), form);
}

function show(endpoint) {
  const name = (slug) => given.stations[slug] || slug;
  list("#stations", me.follows, ({ station }) =>
    line(name(station), "", word("leave"), word("leave_sure", { name: name(station) }), () => residentRequest("DELETE", `/v1/subscribers/me/follows/${station}`)),
  );
  const wished = one("#wishes", root);
  if (!wished.contains(document.activeElement)) wished.replaceChildren(...me.follows.map(wishes)); // not under somebody's hands
  const { begin, end } = me.quiet_hours;
  const none = begin === end;
  quiet.elements["quiet-begin"].value = none ? "22:00" : begin;
  quiet.elements["quiet-end"].value = none ? "07:00" : end;
  one("#never-quiet", root).hidden = none;
  one("#no-quiet", root).hidden = !none;
  list("#contacts", me.contacts, (contact) => {
    const here = contact.subscription?.endpoint === endpoint;
    const title = (contact.phone && dialled(contact.phone)) || contact.email || word(here ? "push_here" : contact.channel);
    const state = { gone: word("gone"), stopped: word("stopped") }[contact.status];
    const note = [contact.subscription ? "" : word(contact.channel), state].filter(Boolean).join(" · ");
    const item = line(title, note, word("remove"), word("remove_sure", { name: title }), () => change({ contacts: me.contacts.filter((each) => each !== contact).map(sent) }));
    const to = contact.phone || contact.email || contact.subscription.endpoint;
    const last = tried.find((each) => each.channel === contact.channel && each.to === to);
    if (contact.status === "active" && me.follows.length) item.append(trial({ channel: contact.channel, to, title, last, failed: failedTrial }));
    return item;
  });
  one("#no-contact", root).hidden = me.contacts.some((each) => each.status === "active");
  list("#places", me.places, (place) => {
    const item = line(place.label, whereabouts(place), word("remove"), word("remove_sure", { name: place.label }), () => change({ places: me.places.filter((each) => each !== place) }));
    item.append(button(word("correct"), place.label, () => correct(place)));
    return item;
  });
  named.value = me.name || "";
  one("#no-places", root).hidden = me.places.length > 0;
  const paused = one("#paused", root);
  paused.hidden = !me.paused_until;
  paused.firstElementChild.textContent = me.paused_until ? word("paused_until", { time: moment(me.paused_until) }) : "";
  one("#pausing", root).hidden = Boolean(me.paused_until);
  // A station may write in any language, so the browser's languages are offered too.
  for (const each of [me.locale, ...navigator.languages].map((tag) => tag.split("-")[0])) {
    if (![...language.options].some((option) => option.value === each)) language.append(new Option(new Intl.DisplayNames([each], { type: "language" }).of(each), each));
  }
  language.value = me.locale.split("-")[0];
  const canPush = ["can", "on"].includes(standing()) && !me.contacts.some((each) => each.subscription?.endpoint === endpoint);
  showIdentity(me.identity);
  one("#add-push", root).hidden = !canPush;
  one("#on-ios", root).open ||= standing() === "ios";
}

const showIdentity = identity(doing);

function failedTrial(error) {
  trouble(wrong, isOffline(error) ? word("offline") : word(error.status === 429 ? "trial_too_many" : "failed"));
  wrong.scrollIntoView({ block: "center" });
}

/** Describe where a place is: from the centre of the nearest followed town, else by its coordinates. */
function whereabouts({ lon, lat }) {
  const ways = me.follows.flatMap(({ station }) => {
    const centre = given.centres[station];
    return centre ? [{ centre, way: wayInto({ circles: [{ lon, lat, radius_m: 0 }], polygons: null }, centre.at[0], centre.at[1]) }] : [];
  });
  const metres = ({ way }) => Math.hypot(...way);
  const nearest = ways.sort((one, other) => metres(one) - metres(other))[0];
  if (!nearest || metres(nearest) > FAR_M) return `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
  if (metres(nearest) < CENTRE_M) return nearest.centre.in;
  return fill(nearest.centre.from, { distance: distance(metres(nearest)), side: word("sides").split("|")[side(nearest.way)] });
}

/** Return a contact in the form that the service accepts. */
const sent = ({ channel, subscription, email, phone }) =>
  subscription ? { channel, subscription } : email ? { channel, email } : { channel, phone };

press("#add-push", async () => residentRequest("PUT", "/v1/subscribers/me/push", { subscription: await subscribe() }));

const adding = one("#adding", root);
codes(adding, {
  name: "me",
  path: () => "/v1/subscribers/me/confirmations",
  asked: () => adding.classList.add("asked"),
  confirmed: async () => {
    adding.classList.remove("asked");
    for (const form of all("form", adding)) form.reset();
    await load();
    say(word("saved"));
  },
})
  .resume()
  .then((under) => {
    if (under) {
      adding.classList.add("asked");
      adding.closest("details").open = true;
    }
  });

const named = /** @type {HTMLInputElement} */ (one("#name", root));
const naming = /** @type {HTMLFormElement} */ (one("#my-name", root));
submitted(naming, () => doing(one("button", naming), () => change({ name: named.value.trim() || null })));

/** Index of the place that is being corrected; -1: a new one is added. */
let wrongPlace = -1;
const placing = one("#adding-place", root).closest("details");
placing.addEventListener("toggle", () => {
  if (placing.open) return;
  wrongPlace = -1;
  one("#correcting", root).hidden = true;
});

function correct(place) {
  wrongPlace = me.places.indexOf(place);
  const said = one("#correcting", root);
  said.hidden = false;
  said.textContent = word("correcting", { name: place.label });
  /** @type {HTMLInputElement} */ (one("#place-name", root)).value = place.label;
  placing.open = true;
  one("#adding-place #address", root).focus();
}

places(one("#adding-place", root), async (point) => {
  const label = me.places.length ? word("place", { n: me.places.length + 1 }) : word("home");
  const typed = /** @type {HTMLInputElement} */ (one("#place-name", root)).value.trim().slice(0, 40);
  const right = { label: typed || label, lon: point.lon, lat: point.lat };
  await change({ places: wrongPlace < 0 ? [...me.places, right] : me.places.map((each, at) => (at === wrongPlace ? right : each)) });
  placing.open = false;
  await load();
}, { slug: null, centre: null, confirms: () => wrongPlace >= 0 });

const quiet = /** @type {HTMLFormElement} */ (one("#quiet", root));
const setQuiet = (pressed, begin, end) =>
  doing(pressed, () => change({ quiet_hours: { begin, end, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || null } }));
submitted(quiet, () => setQuiet(one("button", quiet), quiet.elements["quiet-begin"].value, quiet.elements["quiet-end"].value));
const never = one("#never-quiet", root);
never.addEventListener("click", () => setQuiet(never, "00:00", "00:00"));

for (const each of all("[data-pause]", root)) {
  each.addEventListener("click", () =>
    doing(each, () => change({ paused_until: new Date(Date.now() + Number(each.dataset.pause) * 3600_000).toISOString() })),
  );
}
const until = /** @type {HTMLFormElement} */ (one("#pause-date", root));
submitted(until, () => {
  const day = /** @type {HTMLInputElement} */ (one("input", until)).value;
  if (day) doing(one("button", until), () => change({ paused_until: new Date(`${day}T00:00`).toISOString() }));
});
press("#resume", () => change({ paused_until: null }));

const easy = /** @type {HTMLInputElement} */ (one("#easy", root));
easy.checked = wantsEasy();
easy.addEventListener("change", () => {
  keepEasy(easy.checked);
  say(word("saved"));
});

const language = /** @type {HTMLSelectElement} */ (one("#language", root));
language.addEventListener("change", () => doing(language, () => change({ locale: language.value })));

press("#take", async () => saveJson("tocsin.json", await residentRequest("GET", "/v1/subscribers/me/data")));
press("#read", async () => save("tocsin.html", "text/html", await page("/me/data")));

/** Show the proof of an erasure, to be kept. @param {{number: string, at: string, kinds: string[], shared: boolean}} proof */
function prove(proof) {
  const place = one("#proof");
  place.hidden = false;
  one("strong", place).textContent = proof.number;
  one("#shared", place).hidden = !proof.shared;
  one("button", place).addEventListener("click", () => saveJson("tocsin-erasure.json", proof));
}

const dialog = /** @type {HTMLDialogElement} */ (one("#erasing"));
one("#erase", root).addEventListener("click", () => dialog.showModal());
const sure = /** @type {HTMLButtonElement} */ (one("[data-sure]", dialog));
sure.addEventListener("click", () =>
  once(sure, async () => {
    try {
      prove(await residentRequest("DELETE", "/v1/subscribers/me"));
    } catch (error) {
      if (error.status !== 401) {
        dialog.close();
        trouble(wrong, sentenceOf(error));
        return;
      }
    }
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
    await forgetAll();
    dialog.close();
    root.hidden = true;
    one("#erased").hidden = false;
    one("#erased h2").focus();
  }),
);

load();
window.addEventListener("online", load);
