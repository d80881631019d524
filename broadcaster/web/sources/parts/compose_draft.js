// A draft of an alert: kept on this device from the first touch on, until it is sent or begun anew. One that changes a
// scheduled alert is filled by the service.

import { readRule } from "./compose_rule.js";

/** What is written without a template. */
const OTHER = "other";
const KEPT_DAYS = 7;
const SAVE_MS = 250;
const A_DAY_MS = 86_400_000;
const AN_HOUR_MS = 3_600_000;

/** Return the name of a draft that the service will know it by: one draft is one alert. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** Return what a draft says of later while it goes out now. */
export const unscheduled = () => ({ when: "now", at: "", rule: "weekly", own: "", until: "", publicly: false, holidays: false, school: "", grace: "", reason: "", zone: "", except_on: [] });

/** Return a draft with nothing in it. @param {any} given what the server left for the page */
export function empty(given) {
  return {
    key: newKey(),
    at: Date.now(),
    step: "kind",
    kind: "",
    status: "actual",
    severity: "",
    urgency: "immediate",
    certainty: "observed",
    category: "safety",
    event: "",
    texts: Object.fromEntries(given.languages.map((each) => [each, { headline: "", description: "", instruction: "" }])),
    written: {},
    touched: false,
    circles: [],
    polygons: [],
    territory: false,
    radius: 1000,
    audience: "followers",
    groups: [],
    channels: [...given.channels],
    channelsChosen: false,
    hours: "3",
    date: "",
    onset: "",
    onsetDate: "",
    cheap: [],
    topic: "",
    wakes: null,
    pending: null,
    later: unscheduled(),
  };
}

/** Return a moment as a field for day and hour has it, in this device's time. @param {string} moment */
function local(moment) {
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, "2026-01-01T00:00".length);
}

/** Return the draft that changes a scheduled alert, or updates one that was sent. @param {any} given */
export function filled(given) {
  const blank = empty(given);
  const { draft, path, version, occurrence } = given.editing;
  return {
    ...blank,
    ...draft,
    of: [path, version, occurrence].join(" "),
    texts: { ...blank.texts, ...draft.texts },
    ...(draft.expires ? { date: local(draft.expires) } : {}),
    later: { ...blank.later, ...draft.later, ...readRule(draft.later) },
  };
}

/** Keeps one draft a station in this browser's storage, and one of a change. */
export class Drafts {
  /** @param {any} given @param {(kept: boolean) => void} told whether it could be kept, each time */
  constructor(given, told) {
    this.name = `tocsin.${given.editing ? "change" : "draft"}.${given.station}`;
    this.told = told;
    this.timer = 0;
    this.waiting = null;
    window.addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
    document.addEventListener("signing-out", () => this.forget()); // or it would be written again on the way out
  }

  /** Return the draft that was left here, or null. @param {any} given */
  find(given) {
    try {
      const found = JSON.parse(localStorage.getItem(this.name));
      if (!found?.key || !found.kind || Date.now() - found.at > KEPT_DAYS * A_DAY_MS) return null;
      const blank = given.editing ? filled(given) : empty(given);
      if (!given.editing && !given.beginnings.some((each) => each.name === found.kind)) found.kind = OTHER; // it was deleted
      if (found.of !== blank.of) return null;
      // An outline was one ring once.
      const polygons = found.polygons.map((each) => (Array.isArray(each[0]?.[0]) ? each : [[...each, each[0]]]));
      return { ...blank, ...found, polygons, texts: { ...blank.texts, ...found.texts }, later: { ...blank.later, ...found.later } };
    } catch {
      return null;
    }
  }

  /** @param {any} draft */
  save(draft) {
    this.waiting = draft;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.flush(), SAVE_MS);
  }

  flush() {
    window.clearTimeout(this.timer);
    if (!this.waiting) return;
    const draft = this.waiting;
    this.waiting = null;
    draft.at = Date.now();
    try {
      localStorage.setItem(this.name, JSON.stringify(draft));
      this.told(true);
    } catch {
      this.told(false); // a private window, or a full disk
    }
  }

  forget() {
    this.waiting = null;
    window.clearTimeout(this.timer);
    try {
      localStorage.removeItem(this.name);
    } catch {
      // then there was none
    }
  }
}

const written = (text) => Boolean(text.headline.trim() || text.description.trim() || text.instruction.trim());

/** Return the texts that say anything, by language. @param {any} draft */
export function texts(draft) {
  return Object.fromEntries(Object.entries(draft.texts).filter(([, text]) => written(text)));
}

/** Return the draft's area as the API takes it, or null. @param {any} draft */
export function area(draft) {
  if (draft.territory || (!draft.circles.length && !draft.polygons.length)) return null;
  const found = {};
  if (draft.circles.length) found.circles = draft.circles.map(({ lon, lat, radius_m }) => ({ lon, lat, radius_m }));
  if (draft.polygons.length) {
    found.polygons = { type: "MultiPolygon", coordinates: draft.polygons };
  }
  return found;
}

/** Return whether it is said where. @param {any} draft */
export const placed = (draft) =>
  draft.territory || area(draft) !== null || ["all_followers", "groups"].includes(draft.audience);

/** Return what the service is asked with. @param {any} given @param {any} draft */
export function body(given, draft) {
  return {
    station: given.station,
    ...(given.editing || draft.kind === OTHER || !draft.kind ? {} : { template: draft.kind }),
    status: draft.status,
    severity: draft.severity || "minor",
    urgency: draft.urgency,
    certainty: draft.certainty,
    category: draft.category,
    ...(draft.event.trim() ? { event: draft.event.trim() } : {}),
    texts: texts(draft),
    area: area(draft),
    territory: draft.territory,
    audience: { kind: draft.audience, groups: draft.audience === "groups" ? draft.groups : [] },
    // Not chosen: as the station's policy says, one after another.
    channels: draft.channelsChosen ? draft.channels : null,
    topic: draft.topic || null,
    wakes: Boolean(draft.wakes),
    cheap: draft.cheap,
  };
}

/** Return until when it holds, as of now; null where no day was chosen. @param {any} draft */
export function expires(draft) {
  if (draft.hours !== "date") return new Date(Date.now() + Number(draft.hours) * AN_HOUR_MS);
  const day = new Date(draft.date);
  return Number.isNaN(day.getTime()) ? null : day;
}

/** Return when it begins, if that is later; null where no day was chosen. @param {any} draft */
export function onset(draft) {
  const day = new Date(draft.onsetDate);
  return draft.onset !== "date" || Number.isNaN(day.getTime()) ? null : day;
}
