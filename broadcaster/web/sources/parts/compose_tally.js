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
  const ways = Object.entries(found.channels).filter(([, way]) => way.people).map(([name, way]) =>
    fill(words[`n_${name}`], { n: number(way.people), segments: many(words.segments, way.units), cost: cost(way.cost_minor) }),
  );
  const more = Object.entries(found.further).map(([name, way]) =>
    make("button", { type: "button", class: "button plain", "data-add": name, onclick: () => add(name) },
      fill(words.add_channel, { channel: words[`inside_${name}`], cost: cost(way.cost_minor) })));
  const row = (name, n, ...said) => make("div", { "data-tally": name }, make("dt", {}, number(n)), make("dd", {}, ...said));
  const plural = (name, n) => (n ? [row(name, n, many(words[`tally_${name}`], n))] : []);
  return [
    row("reachable", found.reachable, many(words.tally_reachable, found.reachable), ...(ways.length ? [make("small", {}, ways.join(", "))] : [])),
    ...(found.unused ? [row("unused", found.unused, many(words.tally_unused, found.unused), make("span", { class: "row" }, ...more))] : []),
    ...(found.no_contact ? [row("no_contact", found.no_contact, many(words.tally_no_contact, found.no_contact), ...(grave ? [make("strong", {}, words.visit)] : []))] : []),
    ...plural("opted_out", found.opted_out),
    ...plural("paused", found.paused),
    make("div", { "data-tally": "cost" }, make("dt", {}, cost(found.expected.cost_minor)), make("dd", {}, ...expected(given, found, words))),
  ];
}

/** Return what the alert probably comes to, with its steps: messages that cost, and when people react. */
function* expected(given, found, words) {
  const { messages, cost_minor: minor, reached } = found.expected;
  const paid = given.paid.filter((name) => messages[name]).map((name) => many(words[`sent_${name}`], messages[name]));
  yield [words.expected, ...paid].join(" · ");
  if (minor < found.cost_minor) yield make("small", {}, fill(words.at_most, { cost: money(found.cost_minor, found.currency) }));
  const when = ({ share, seconds_to_95: seconds }) => (seconds === null ? fill(words.about_share, { n: number(Math.round(100 * share)) }) : timeToMost(seconds, words));
  const times = [[words.first_message, timeToMost(found.seconds_to_95, words)]];
  for (const each of ["displayed", "confirmed"]) if (reached[each]) times.push([words[`will_be_${each}`], when(reached[each])]);
  if (times[0][1]) yield make("small", {}, times.map(([what, how]) => fill(what, { how })).join(" · "));
}
