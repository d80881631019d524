// The step "where": the sheet below the map, and the live reach.

import { operatorRequest } from "./operator_request.js";
import { area, body, placed } from "./compose_draft.js";
import { AreaMap, placeOf, radiusAt, whereWords } from "./compose_area.js";
import { follower } from "./compose_reach.js";
import { all, capital, fill, language, make, many, number, one, say, submitted, trouble } from "./dom.js";

const SAID_MS = 900;
const AGAIN_MS = 3000;
const WAIT_FOR_PLACE_MS = 9000;

/** Format an amount in minor units. @param {number} minor @param {string} currency */
export const money = (minor, currency) =>
  new Intl.NumberFormat(language, { style: "currency", currency }).format(minor / 100);

/** Format the time until 95 % are reached. @param {number|null} seconds @param {any} words */
export function timeToMost(seconds, words) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return fill(words.p95_seconds, { n: number(Math.max(1, Math.ceil(seconds))) });
  if (seconds < 5400) return fill(words.p95_minutes, { n: number(Math.ceil(seconds / 60)) });
  return fill(words.p95_hours, { n: number(Math.ceil(seconds / 3600)) });
}

export class Where {
  /** @param {any} given @param {any} app */
  constructor(given, app) {
    this.given = given;
    this.app = app;
    this.words = given.words;
    /** @type {any} */
    this.reach = null;
    this.timer = 0;
    this.follow = follower(
      (question) => operatorRequest("POST", `/console/reach?lang=${language}`, question),
      (answer) => this.showReach(answer),
      (error) => this.failed(error),
    );
    /** @type {any} */
    this.map = null;
    this.bind();
  }

  get draft() {
    return this.app.draft;
  }

  /** Show the step. */
  enter() {
    this.see();
    if (!this.mapless) this.open();
    this.ask();
  }

  /** Schools and clubs choose recipients; only choosing people by where they live needs a map. */
  get mapless() {
    const { draft, given } = this;
    return !given.authority && ["groups", "all_followers"].includes(draft.audience) && !draft.territory && !area(draft);
  }

  open() {
    if (!this.map) {
      this.map = new AreaMap(one("#map"), this.given, { changed: () => this.changed(), over: () => this.over() });
      this.density();
      this.map.ready.then(() => this.see());
    }
    this.map.show(this.draft);
    this.map.home();
    this.see();
  }

  async density() {
    try {
      const found = await operatorRequest("GET", `/console/density?station=${encodeURIComponent(this.given.station)}`);
      this.map.dense(found.cells);
    } catch {
      // the map suffices without it
    }
  }

  over() {
    const search = one("#search").getBoundingClientRect();
    const map = one("#map").getBoundingClientRect();
    const sheet = one("#sheet").getBoundingClientRect();
    const beside = sheet.right <= map.left + 10; // on wide screens the sheet is at the side
    return { top: Math.max(0, search.bottom - map.top), bottom: beside ? 0 : Math.max(0, map.bottom - sheet.top) };
  }

  changed() {
    this.app.changed();
    this.see();
    this.ask();
  }

  /** Query the reach of the draft, as it is when the request is sent. */
  ask() {
    window.clearTimeout(this.timer);
    const asks = () => placed(this.draft) && (this.draft.audience !== "groups" || this.draft.groups.length);
    this.follow(() => (asks() ? this.question() : (this.showReach(null), null)));
  }

  question() {
    const asked = body(this.given, this.draft);
    const limits = this.given.limits;
    const sound = Object.values(asked.texts).every(
      (text) => text.headline.trim() && Object.keys(limits).every((name) => text[name].length <= limits[name]),
    );
    if (!sound || !asked.texts[this.given.own]) asked.texts = {};
    return asked;
  }

  showReach(found) {
    this.reach = found;
    this.wrong("");
    const box = one("#reach");
    box.classList.toggle("unknown", !found);
    box.classList.toggle("nobody", Boolean(found && !found.people && !found.others_fewer_than));
    one('[data-reach="people"]').textContent = found ? number(found.people) : "–";
    one('[data-reach="word"]').textContent = found?.people === 1 ? this.words.person : this.words.people;
    for (const each of all(".ways > li", box)) {
      const way = each.dataset.way;
      const others = found && { unused: found.unused, none: found.no_contact, no: found.opted_out, paused: found.paused };
      const n = others && way in others ? others[way] : found?.channels[way]?.people;
      each.querySelector("b").textContent = found ? (n === undefined ? "·" : number(n)) : "–";
      each.classList.toggle("off", Boolean(found) && n === undefined);
      if (["unused", "no", "paused"].includes(way)) each.hidden = !n;
    }
    one('[data-reach="others"]').textContent = found ? this.others(found) : "";
    const units = found?.channels.sms?.units || 0;
    one('[data-reach="cost"]').textContent = found ? (found.cost_minor ? money(found.cost_minor, found.currency) : this.words.free) : "";
    one('[data-reach="sms"]').textContent = units ? many(this.words.segments, units) : "";
    one('[data-reach="time"]').textContent = found ? timeToMost(found.seconds_to_95, this.words) : "";
    window.clearTimeout(this.saying);
    if (found) this.saying = window.setTimeout(() => this.sayReach(found), SAID_MS);
    this.app.reached(found);
  }

  /** Show how many people are counted exactly, and about how many others there are. */
  others(found) {
    const n = found.others || found.others_fewer_than;
    const pattern = found.others ? this.words.others_about : this.words.others_few;
    const parts = n ? [fill(pattern, { own: number(found.registered), n: number(n) })] : [];
    if (found.unconfirmed) parts.push(fill(this.words.unconfirmed, { n: number(found.unconfirmed) }));
    return parts.join(" · ");
  }

  sayReach(found) {
    const figures = fill(this.words.figures, {
      people: many(this.words.n_people, found.people),
      unused: number(found.unused),
      without: number(found.no_contact),
      opted_out: number(found.opted_out),
      paused: number(found.paused),
      cost: found.cost_minor ? money(found.cost_minor, found.currency) : this.words.free,
    });
    const others = this.others(found);
    one("#reach-said").textContent = found.people ? [figures, others].filter(Boolean).join(", ") : others || this.words.nobody;
  }

  failed(error) {
    if (error.status === 422) {
      this.showReach(null);
      const refusal = error.errors.find((each) => each.field.startsWith("area")) || error.errors[0];
      this.wrong(refusal?.problem || error.message);
      return;
    }
    this.app.failed(error);
    if (error.status !== 401) {
      one('[data-reach="time"]').textContent = this.words.reach_later;
      this.timer = window.setTimeout(() => this.ask(), (error.retryAfter || 0) * 1000 || AGAIN_MS);
    }
  }

  wrong(sentence) {
    trouble(one("#area-wrong"), sentence);
  }

  /** Show the draft's values. */
  see() {
    const draft = this.draft;
    const { map, words } = this;
    const corners = map?.corners;
    const circle = !draft.territory && !corners && map ? draft.circles[map.selected] : null;
    one("#radius-row").hidden = !circle;
    one("#corner-row").hidden = !corners;
    one("#tools").hidden = Boolean(corners);
    one("#step-where").classList.toggle("drawing", Boolean(corners));
    if (corners) {
      one("#corner-close").disabled = corners.length < 3;
      one("#corner-back").disabled = !corners.length;
    }
    if (circle) {
      const field = one("#radius");
      if (document.activeElement !== field) field.value = circle.radius_m;
      const slider = one("#slider");
      slider.value = placeOf(circle.radius_m);
      slider.setAttribute("aria-valuetext", fill(words.metres, { n: number(circle.radius_m) }));
    }
    const territory = one("#territory");
    if (territory) territory.setAttribute("aria-pressed", String(draft.territory));
    document.body.classList.toggle("mapless", this.mapless);
    one("#where-now").hidden = this.mapless;
    one("#where-now").textContent = corners
      ? fill(words.tap_corner, { n: corners.length })
      : placed(draft) && (area(draft) || draft.territory)
        ? capital(whereWords(this.given, draft))
        : draft.audience === "all_followers" ? capital(words.anywhere) : this.empty() ? words.find : words.tap;
    one("#audience").value = draft.audience;
    const groups = one("#groups");
    if (groups) {
      groups.hidden = draft.audience !== "groups";
      for (const box of all("input", groups)) box.checked = draft.groups.includes(box.value);
    }
    this.list();
  }

  /** Tell the style sheet how much of the map the sheet hides. */
  measure() {
    const over = this.over();
    const step = one("#step-where");
    step.style.setProperty("--sheet", `${over.bottom}px`);
    step.style.setProperty("--middle", `${(over.top + one("#map").clientHeight - over.bottom) / 2}px`);
  }

  /** Without a territory, a position and a map file, nothing shows where to touch. */
  empty() {
    const { territory, centre } = this.given;
    return !territory && !centre && !document.documentElement.dataset.tiles;
  }

  list() {
    const { draft, words } = this;
    const place = one("#shapes");
    const many = draft.circles.length + draft.polygons.length > 1;
    const chip = (kind, at, title, chosen) =>
      make("li", { class: chosen ? "chosen" : "" },
        make("button", { type: "button", class: "chip", "aria-pressed": String(chosen), onclick: () => kind === "circles" && this.map.select(at) }, title),
        make("button", { type: "button", class: "chip square", "aria-label": fill(words.remove, { what: title }), onclick: () => this.map.remove(kind, at) }, "×"));
    place.replaceChildren();
    place.hidden = draft.territory || !(many || draft.polygons.length);
    if (place.hidden) return;
    draft.circles.forEach((each, at) =>
      place.append(chip("circles", at, `${fill(words.circle, { n: at + 1 })} · ${number(each.radius_m)} m`, at === this.map?.selected)));
    draft.polygons.forEach((_, at) => place.append(chip("polygons", at, fill(words.outline, { n: at + 1 }), false)));
  }

  bind() {
    new ResizeObserver(() => this.measure()).observe(one("#sheet"));
    one("#slider").addEventListener("input", (event) => this.map.setRadius(radiusAt(Number(event.target.value))));
    const field = one("#radius");
    field.addEventListener("input", () => {
      const radius = Number(field.value);
      if (radius >= this.given.radius[0] && radius <= this.given.radius[1]) this.map.setRadius(radius);
    });
    field.addEventListener("change", () => {
      this.map.setRadius(Number(field.value) || this.draft.radius);
      field.value = this.draft.circles[this.map.selected]?.radius_m ?? field.value;
    });
    one("#add-circle").addEventListener("click", () => this.map.addCircle());
    one("#add-outline").addEventListener("click", () => this.map.beginOutline());
    one("#corner-here").addEventListener("click", () => this.map.tap(this.map.middle()));
    one("#corner-back").addEventListener("click", () => this.map.takeCorner());
    one("#corner-close").addEventListener("click", () => this.map.endOutline(true));
    one("#corner-stop").addEventListener("click", () => this.map.endOutline(false));
    one("#territory")?.addEventListener("click", () => this.map.setTerritory(!this.draft.territory));
    one("#audience").addEventListener("change", (event) => {
      this.draft.audience = event.target.value;
      this.changed();
      if (!this.mapless) this.open();
    });
    one("#groups")?.addEventListener("change", () => {
      this.draft.groups = all("#groups input:checked").map((each) => each.value);
      this.changed();
    });
    one("#grip").addEventListener("click", () => {
      const open = one("#sheet").classList.toggle("open");
      one("#grip").setAttribute("aria-expanded", String(open));
    });
    one("#to-words").addEventListener("click", () => this.onward());
    one("#here").addEventListener("click", () => this.locate());
    const forget = () => (one("#found").hidden = true);
    one("#map").addEventListener("click", forget);
    one("#search").addEventListener("keydown", (event) => event.key === "Escape" && (forget(), one("#q").focus()));
    submitted(one("#search"), () => this.find());
  }

  onward() {
    if (this.map?.corners?.length >= 3) this.map.endOutline(true);
    if (!placed(this.draft)) {
      this.wrong(this.words.undrawn);
      if (this.map) one("#map").focus();
      return;
    }
    if (this.draft.audience === "groups" && !this.draft.groups.length) {
      this.wrong(this.words.no_group);
      one("#sheet").classList.add("open");
      one("#groups input")?.focus();
      return;
    }
    if (!one("#area-wrong").hidden) {
      say(one("#area-wrong").textContent);
      return;
    }
    this.app.go("words");
  }

  locate() {
    const button = one("#here");
    const ended = (sentence) => {
      button.removeAttribute("aria-busy");
      if (sentence) this.wrong(sentence);
    };
    if (!navigator.geolocation) return ended(this.words.no_place);
    button.setAttribute("aria-busy", "true");
    this.wrong(""); // left by an earlier attempt
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        ended("");
        this.map.map.setView([coords.latitude, coords.longitude], Math.max(13, this.map.map.getZoom()), { animate: false });
        this.map.tap({ lat: coords.latitude, lng: coords.longitude }, "@here");
      },
      (error) => ended(error.code === 1 ? this.words.denied : this.words.no_place),
      { enableHighAccuracy: true, timeout: WAIT_FOR_PLACE_MS, maximumAge: 60_000 },
    );
  }

  async find() {
    const q = one("#q").value.trim();
    const list = one("#found");
    if (q.length < 3) return;
    this.wrong("");
    let places = [];
    let sentence = this.words.nothing_found;
    try {
      places = (await operatorRequest("GET", `/places?q=${encodeURIComponent(q)}&station=${encodeURIComponent(this.given.station)}`)).places;
    } catch {
      sentence = this.words.no_search;
    }
    list.replaceChildren(...places.map((each) => make("li", {}, make("button", { type: "button", onclick: () => this.take(each) }, each.label))));
    if (!places.length) list.append(make("li", { class: "none", role: "status" }, sentence));
    list.hidden = false;
    list.querySelector("button")?.focus();
  }

  take(place) {
    one("#found").hidden = true;
    one("#q").value = place.label;
    this.map.map.setView([place.lat, place.lon], Math.max(13, this.map.map.getZoom()), { animate: false });
    this.map.tap({ lat: place.lat, lng: place.lon }, place.label);
    one("#radius").focus();
  }
}
