import assert from "node:assert/strict";
import { test } from "node:test";

import { area, body, empty, expires, languagesOf, placed, policyChannels, texts } from "../../broadcaster/web/sources/parts/compose_draft.js";
import { readRule, rule } from "../../broadcaster/web/sources/parts/compose_rule.js";

const given = { station: "laigle", languages: ["fr", "en"], channels: ["push", "sms"] };
const circle = { lon: 0.63, lat: 48.76, radius_m: 1000, own: true };

test("an empty draft says no area, no text and nowhere", () => {
  const draft = empty(given);
  assert.equal(area(draft), null);
  assert.deepEqual(texts(draft), {});
  assert.equal(placed(draft), false);
  assert.equal(body(given, draft).severity, "minor");
});

test("a language of blanks is not sent", () => {
  const draft = empty(given);
  draft.texts.fr.headline = "Crue de la Risle";
  draft.texts.en.headline = "  ";
  assert.deepEqual(Object.keys(body(given, draft).texts), ["fr"]);
});

test("the languages to write are the station's, those added, and those with a text", () => {
  const school = { ...given, languages: ["fr", "en", "de"], station_languages: ["fr"] };
  const draft = { ...empty(school), added: ["de"] };
  assert.deepEqual(languagesOf(school, draft), ["fr", "de"]);
  draft.texts.en.headline = "Closed";
  assert.deepEqual(languagesOf(school, draft), ["fr", "en", "de"]);
});

test("circles carry what the API takes alone, and outlines their holes", () => {
  const draft = { ...empty(given), circles: [circle], polygons: [[[[0, 48], [1, 48], [1, 49], [0, 48]]]] };
  assert.deepEqual(area(draft), {
    circles: [{ lon: 0.63, lat: 48.76, radius_m: 1000 }],
    polygons: { type: "MultiPolygon", coordinates: [[[[0, 48], [1, 48], [1, 49], [0, 48]]]] },
  });
});

test("groups and all followers need no place", () => {
  assert.equal(placed({ ...empty(given), audience: "groups" }), true);
  assert.equal(placed({ ...empty(given), audience: "followers", circles: [circle] }), true);
});

test("groups are sent to groups only", () => {
  const draft = { ...empty(given), audience: "followers", groups: ["3b"] };
  assert.deepEqual(body(given, draft).audience, { kind: "followers", groups: [] });
});

test("a draft follows its own policy, else the station's, unless its author chooses channels", () => {
  const known = { ...given, by_severity: { severe: ["push", "sms"] } };
  const policy = { steps: [{ channels: ["sms"] }], longest_s: 900 };
  const draft = { ...empty(known), severity: "severe" };
  assert.deepEqual(policyChannels(known, draft), ["push", "sms"]);
  assert.deepEqual(policyChannels(known, { ...draft, policy }), ["sms"]);
  assert.deepEqual(body(known, { ...draft, policy }).policy, policy);
  assert.equal(body(known, { ...draft, policy, channelsChosen: true }).policy, null);
});

test("an end without a day is none", () => {
  assert.equal(expires({ hours: "date", date: "" }), null);
  assert.equal(expires({ hours: "date", date: "2026-12-07T07:30:00Z" }).toISOString(), "2026-12-07T07:30:00.000Z");
});

test("each draft has a key of its own", () => assert.notEqual(empty(given).key, empty(given).key));

const MONDAY = "2026-12-07T07:30";

test("a rule comes back as the plain choice that made it", () => {
  for (const choice of ["weekly", "daily", "working", "nth"]) {
    for (const until of ["", "2027-06-30"]) {
      const repeat = rule({ at: MONDAY, rule: choice, until, own: "" });
      assert.deepEqual(readRule({ at: MONDAY, repeat }), { rule: choice, own: "", until }, repeat);
    }
  }
});

test("a fifth Monday is the last one of its month", () => {
  assert.equal(rule({ at: "2026-11-30T12:00", rule: "nth", until: "" }), "FREQ=MONTHLY;BYDAY=-1MO");
});

test("a rule that was cut off before an hour ends the day before", () => {
  const cut = (hour) => readRule({ at: MONDAY, repeat: `FREQ=WEEKLY;BYDAY=MO;UNTIL=20270104T${hour}` }).until;
  assert.equal(cut("072959"), "2027-01-03");
  assert.equal(cut("073000"), "2027-01-04");
});

test("what no plain choice says stays a rule", () => {
  for (const repeat of ["FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;BYDAY=TU"]) {
    assert.deepEqual(readRule({ at: MONDAY, repeat }), { rule: "own", own: repeat });
  }
});
