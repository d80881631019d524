// A draft of an alert, stored on this device from the first input until it is sent or restarted. A draft that changes
// a scheduled alert is filled in by the service.

import { readRule } from "./compose_rule.js";

/** The kind of a draft without a template. */
const OTHER = "other";
const KEPT_DAYS = 7;
const SAVE_MS = 250;
const A_DAY_MS = 86_400_000;
const AN_HOUR_MS = 3_600_000;

/** Return a new idempotency key, so that one draft makes one alert. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** Return the fields about later sending, for a draft to send now. */
export const unscheduled = () => ({ when: "now", at: "", rule: "weekly", own: "", until: "", publicly: false, holidays: false, school: "", grace: "", reason: "", zone: "", except_on: [] });

/** Return a text as the page's fields have it: answers to its own question a line each, no part missing. @param {any} text */
const asWritten = (text) => ({ ...text, question: text.question ?? "", answers: (text.answers ?? []).join("\n"), easy: text.easy ?? "" });

/** Return a template's text as the page's fields have it. @param {any} said */
export const fromTemplate = ({ headline, description, instruction, question, answers, easy }) =>
  asWritten({ headline, description, instruction, question, answers, easy });

/** Return an empty draft. @param {any} given what the server left for the page */
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
    texts: Object.fromEntries(given.languages.map((each) => [each, asWritten({ headline: "", description: "", instruction: "" })])),
    written: {},
    added: [],
    touched: false,
    circles: [],
    polygons: [],
    territory: false,
    radius: 1000,
    audience: "followers",
    groups: [],
    channels: [...given.channels],
    channelsChosen: false,
    policy: null,
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

/** Format a time for a datetime-local field, in this device's time zone. @param {string} moment */
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
    texts: { ...blank.texts, ...Object.fromEntries(Object.entries(draft.texts).map(([code, text]) => [code, asWritten(text)])) },
    ...(draft.expires ? { date: local(draft.expires) } : {}),
    later: { ...blank.later, ...draft.later, ...readRule(draft.later) },
  };
}

/** Stores drafts in this browser: one per station, and one for a change. */
export class Drafts {
  /**
   * @param {any} given
   * @param {(kept: boolean) => void} onStored called after each attempt with whether it could be stored
   */
  constructor(given, onStored) {
    this.name = `tocsin.${given.editing ? "change" : "draft"}.${given.station}`;
    this.onStored = onStored;
    this.timer = 0;
    this.waiting = null;
    window.addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
    document.addEventListener("signing-out", () => this.forget()); // or it would be stored again on leaving
  }

  /** Return the stored draft, or null. @param {any} given */
  find(given) {
    try {
      const found = JSON.parse(localStorage.getItem(this.name) || "null");
      if (!found?.key || !found.kind || Date.now() - found.at > KEPT_DAYS * A_DAY_MS) return null;
      const blank = given.editing ? filled(given) : empty(given);
      if (!given.editing && !given.beginnings.some((each) => each.name === found.kind)) found.kind = OTHER; // it was deleted
      if (found.of !== blank.of) return null;
      // Older drafts stored an outline as one ring.
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
      this.onStored(true);
    } catch {
      this.onStored(false); // a private window, or a full disk
    }
  }

  forget() {
    this.waiting = null;
    window.clearTimeout(this.timer);
    try {
      localStorage.removeItem(this.name);
    } catch {
      // then none was stored
    }
  }
}

const PARTS = ["headline", "description", "instruction", "question", "answers", "easy"];

const written = (text) => PARTS.some((part) => text[part]?.trim());

const lines = (text) => (text ?? "").split("\n").map((each) => each.trim()).filter(Boolean);

/** Return the languages to write: the station's, those added, and those with a text. @param {any} given @param {any} draft */
export const languagesOf = (given, draft) =>
  given.languages.filter((code) => given.station_languages.includes(code) || draft.added.includes(code) || written(draft.texts[code]));

/** Return the texts that are not empty, by language. @param {any} draft */
export function texts(draft) {
  const found = Object.entries(draft.texts).filter(([, text]) => written(text));
  return Object.fromEntries(found.map(([code, text]) => [code, { ...text, question: text.question ?? "", answers: lines(text.answers), easy: text.easy ?? "" }]));
}

/** Return the draft's area in the API's form, or null. @param {any} draft */
export function area(draft) {
  if (draft.territory || (!draft.circles.length && !draft.polygons.length)) return null;
  const found = {};
  if (draft.circles.length) found.circles = draft.circles.map(({ lon, lat, radius_m }) => ({ lon, lat, radius_m }));
  if (draft.polygons.length) {
    found.polygons = { type: "MultiPolygon", coordinates: draft.polygons };
  }
  return found;
}

/** Return whether the draft has an area. @param {any} draft */
export const placed = (draft) =>
  draft.territory || area(draft) !== null || ["all_followers", "groups"].includes(draft.audience);

/** Return the draft in the API's form. @param {any} given @param {any} draft */
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
    // No channels chosen: a policy applies, its own or the station's, one after another.
    channels: draft.channelsChosen ? draft.channels : null,
    policy: draft.channelsChosen ? null : draft.policy,
    topic: draft.topic || null,
    wakes: Boolean(draft.wakes),
    cheap: draft.cheap,
  };
}

/**
 * Return the channels of the policy that a draft follows: its own, or the station's for its severity.
 * @param {any} given @param {any} draft
 */
export function policyChannels(given, draft) {
  const used = draft.policy ? draft.policy.steps.flatMap((each) => each.channels) : given.by_severity[draft.severity];
  return given.channels.filter((each) => used.includes(each));
}

/** Return when it expires, if sent now; null if no date was chosen. @param {any} draft */
export function expires(draft) {
  if (draft.hours !== "date") return new Date(Date.now() + Number(draft.hours) * AN_HOUR_MS);
  const day = new Date(draft.date);
  return Number.isNaN(day.getTime()) ? null : day;
}

/** Return when it begins, if that is later; null if no date was chosen. @param {any} draft */
export function onset(draft) {
  const day = new Date(draft.onsetDate);
  return draft.onset !== "date" || Number.isNaN(day.getTime()) ? null : day;
}
