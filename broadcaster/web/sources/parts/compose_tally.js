// Figures of the last step: people reachable now, people reachable only by an unused channel, and people not reachable.

import { money, timeToMost } from "./compose_where.js";
import { fill, make, many, number } from "./dom.js";

/**
 * Return the rows of the figures.
 * @param {any} given @param {any} found the reach @param {{ draft: any, add: (channel: string) => void }} with the draft, and what adds a channel
 */
export function tally(given, found, { draft, add }) {
  const { words } = given;
  const grave = draft.status === "actual" && given.grave.includes(draft.severity);
  const cost = (minor) => (minor ? money(minor, found.currency) : words.free);
  const ways = Object.entries(found.channels).map(([name, way]) =>
    fill(words[`n_${name}`], { n: number(way.people), segments: many(words.segments, way.units), cost: cost(way.cost_minor) }),
  );
  const more = Object.entries(found.further).map(([name, way]) =>
    make("button", { type: "button", class: "button plain", "data-add": name, onclick: () => add(name) },
      fill(words.add_channel, { channel: words[name], cost: cost(way.cost_minor) })));
  const row = (name, n, ...said) => make("div", { "data-tally": name }, make("dt", {}, number(n)), make("dd", {}, ...said));
  const plural = (name, n) => (n ? [row(name, n, many(words[`tally_${name}`], n))] : []);
  return [
    row("reachable", found.reachable, many(words.tally_reachable, found.reachable), make("small", {}, ways.join(", "))),
    ...(found.unused ? [row("unused", found.unused, many(words.tally_unused, found.unused), make("span", { class: "row" }, ...more))] : []),
    ...(found.no_contact ? [row("no_contact", found.no_contact, many(words.tally_no_contact, found.no_contact), ...(grave ? [make("strong", {}, words.visit)] : []))] : []),
    ...plural("opted_out", found.opted_out),
    ...plural("paused", found.paused),
    make("div", { "data-tally": "cost" }, make("dt", {}, cost(found.cost_minor)), make("dd", {}, timeToMost(found.seconds_to_95, words))),
  ];
}
