// //s/{station}: three presses to follow. One step at a time; the back button goes one step back; work interrupted by
// a lost network is stored and resumed.

import { residentRequest, dialled, given, isOffline, once, sentenceOf, word } from "./parts/resident_page.js";
import { Problem, request } from "./parts/request.js";
import { codes } from "./parts/codes.js";
import { drop, fact, keep } from "./parts/device.js";
import { all, language, one, say, trouble } from "./parts/dom.js";
import { places } from "./parts/places.js";
import { newToken, standing, subscribe } from "./parts/pushing.js";

const root = one("#follow");
const steps = all("[data-step]", root);
const wrong = one("#trouble");
const via = new URLSearchParams(location.search).get("via") === "qr" ? "qr" : "page";
const push = /** @type {HTMLButtonElement} */ (one("#by-push", root));

/** Show one step. @param {string} name @param {{push?: boolean}} [how] */
function step(name, how = {}) {
  const wanted = steps.find((each) => each.dataset.step === name) || steps[0];
  for (const each of steps) each.hidden = each !== wanted;
  root.dataset.at = wanted.dataset.step;
  for (const each of all("[data-once]")) each.hidden = wanted !== steps[0];
  if (how.push !== false) history.pushState({ step: name }, "", name === "ways" ? location.pathname + location.search : `#${name}`);
  trouble(wrong, "");
  // The map data takes a moment to build the first time, so it is requested before anyone opens the map.
  if (name === "home") request("GET", `/map/${given.station}.json`).catch(() => undefined);
  const heading = one("h1, h2", wanted);
  if (how.push !== false) {
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }
}

window.addEventListener("popstate", async (event) => {
  const back = event.state?.step || "ways";
  // Finished steps are not asked again: the back button leads from the end to the first step.
  step((await fact("token")) && back !== "home" && back !== "done" ? "ways" : back, { push: false });
});

for (const button of all("[data-to]", root)) button.addEventListener("click", () => step(button.dataset.to));

// ways ------------------------------------------------------------------------------------------------------------------

const notes = { ios: "#push-ios", denied: "#push-denied", cannot: "#push-cannot" };
function ways() {
  const how = standing();
  push.hidden = how in notes;
  for (const [name, selector] of Object.entries(notes)) one(selector, root).hidden = name !== how;
}
ways();

push.addEventListener("click", () =>
  once(push, async () => {
    trouble(wrong, "");
    say(word("asking"));
    try {
      const subscription = await subscribe();
      await follow({ channel: "push", subscription });
    } catch (error) {
      ways();
      if (push.hidden) return void say(word("denied")); // the sentence in its place suffices
      trouble(wrong, isOffline(error) && !(error instanceof Problem) ? word("offline") : (given.words[error.message] ? word(error.message) : word("failed")));
    }
  }),
);

/** Follow by push: as a new subscriber, or an existing one who adds this station. @param {any} contact */
async function follow(contact) {
  const token = await fact("token");
  const wish = { station: given.station, contact, locale: language, token: token || newToken(), via, known: Boolean(token) };
  await keep("wish", wish); // stored before it is sent, so that a lost answer or a closed page does no harm
  await grant();
}

/** Send the stored request; sent twice, it counts once. */
async function grant() {
  const wish = await fact("wish");
  if (!wish) return;
  if (wish.known) {
    try {
      await residentRequest("PUT", `/v1/subscribers/me/follows/${wish.station}`);
      await residentRequest("PUT", "/v1/subscribers/me/push", { subscription: wish.contact.subscription });
    } catch (error) {
      if (error.status !== 401) throw error;
      await drop("token"); // erased elsewhere: start again
      await keep("wish", { ...wish, token: newToken(), known: false });
      return grant();
    }
  } else {
    const body = { locale: wish.locale, contacts: [wish.contact], token: wish.token, via: wish.via };
    await residentRequest("POST", `/v1/stations/${wish.station}/subscribers`, body, { token: null });
    await keep("token", wish.token);
  }
  await drop("wish");
  if (wish.station === given.station) await followed("push", "");
}

window.addEventListener("online", () => grant().then(() => trouble(wrong, "")).catch(() => undefined));

// phone and mail ----------------------------------------------------------------------------------------------------------

const confirming = codes(root, {
  name: given.station,
  path: async () => ((await alreadyFollows()) ? "/v1/subscribers/me/confirmations" : `/v1/stations/${given.station}/confirmations`),
  extra: () => (adding ? { via } : { via, locale: language }),
  asked: () => step("code"),
  confirmed: async (pending, token) => {
    if (token) await keep("token", token);
    await followed(pending.channel, pending.to);
  },
});
let adding = false;

/** Existing subscribers add a contact to their own, and follow this station too. */
async function alreadyFollows() {
  adding = false;
  if (!(await fact("token"))) return false;
  try {
    await residentRequest("PUT", `/v1/subscribers/me/follows/${given.station}`);
    adding = true;
  } catch (error) {
    if (error.status !== 401) throw error;
    await drop("token");
  }
  return adding;
}

// home ------------------------------------------------------------------------------------------------------------------

/** @param {string} channel @param {string} to */
async function followed(channel, to) {
  await keep("done", { station: given.station, channel, to });
  one("#done-how", root).textContent = word(`done_${channel}`, { to: dialled(to) });
  const me = await residentRequest("GET", "/v1/subscribers/me").catch(() => null);
  step(me?.places.length ? "done" : "home");
}

places(one('[data-step="home"]', root), choose, { slug: given.station, centre: given.centre });

/** @param {{lon: number, lat: number}} point */
async function choose(point) {
  const place = { label: word("home"), lon: point.lon, lat: point.lat };
  try {
    await keep("place", place);
    await settle();
    step("done");
  } catch (error) {
    trouble(one('[data-step="home"] .wrong', root), sentenceOf(error));
  }
}

/** Send the stored place. */
async function settle() {
  const place = await fact("place");
  if (!place) return;
  await residentRequest("PATCH", "/v1/subscribers/me", { places: [place] });
  await drop("place");
}
window.addEventListener("online", () =>
  settle()
    .then(() => root.dataset.at === "home" && fact("done"))
    .then((done) => done && step("done"))
    .catch(() => undefined),
);

// Resume the stored work.
(async () => {
  history.replaceState({ step: "ways" }, "", location.pathname + location.search);
  if (await confirming.resume()) {
    if (root.dataset.at !== "done" && root.dataset.at !== "home") step("code");
    return;
  }
  if (await fact("wish")) {
    await grant().catch((error) => isOffline(error) && trouble(wrong, word("offline")));
    return;
  }
  await settle().catch(() => undefined);
  const token = await fact("token");
  if (!token) return;
  const me = await residentRequest("GET", "/v1/subscribers/me").catch(() => null);
  if (me?.follows.some((each) => each.station === given.station)) one("#following", root).hidden = false;
})();
