// An alert in a list: severity in colour, shape and word; an exercise marked as one.

import { word } from "./resident_page.js";
import { make, svg, unbroken, written } from "./dom.js";

const SHAPES = {
  extreme: "M5 0h6l5 5v6l-5 5H5l-5-5V5z",
  severe: "M8 .5 16 15H0z",
  moderate: "M8 0l8 8-8 8-8-8z",
  minor: "M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0z",
  drill: "M0 0h4v4H0zm6 0h4v4H6zm6 0h4v4h-4zM0 6h4v4H0zm6 0h4v4H6zm6 0h4v4h-4zM0 12h4v4H0zm6 0h4v4H6zm6 0h4v4h-4z",
};

/** The words of an alert in the page's language, else in its first. @param {any} alert @param {string} [language] */
export function textOf(alert, language = document.documentElement.lang) {
  const chosen = alert.texts[language] ? language : Object.keys(alert.texts)[0];
  return { language: chosen, ...alert.texts[chosen] };
}

/** Return the headline's prefix for an exercise or a test. @param {any} alert */
const markOf = (alert) => (alert.status === "actual" ? "" : `[${word(alert.status)}] `);

/** @param {any} alert @param {(name: string) => string} [said] */
export function severity(alert, said = word) {
  const look = alert.status === "actual" ? alert.severity : "drill";
  const shape = svg("path", { d: SHAPES[look] || "M0 6h16v4H0z" });
  return make("span", { class: `severity ${look}` }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, shape), said(alert.severity));
}

/** Format a time briefly: with the day only if it is not today. @param {string} moment @param {string} [zone] */
export function moment(moment, zone, language = document.documentElement.lang) {
  const at = new Date(moment);
  const today = at.toDateString() === new Date().toDateString();
  return written(at, { timeZone: zone, ...(today ? {} : { weekday: "long", day: "numeric", month: "long" }), hour: "2-digit", minute: "2-digit" }, language);
}

/** @param {any} alert @param {{places?: string[], note?: string}} [more] */
export function card(alert, more = {}) {
  const text = textOf(alert);
  const path = new URL(alert.url, location.href).pathname;
  return make(
    "li",
    { class: alert.status === "actual" ? "" : "drill-line" },
    make(
      "a",
      { href: path, class: "line" },
      severity(alert),
      make("strong", { class: "title", lang: text.language, dir: "auto" }, markOf(alert) + unbroken(text.headline)),
      make("span", { class: "quiet small" }, [alert.station_name, word("until", { moment: moment(alert.expires) }), more.places?.length ? word("at", { places: more.places.join(", ") }) : ""].filter(Boolean).join(" · ")),
      more.note ? make("span", { class: "small" }, more.note) : null,
    ),
  );
}
