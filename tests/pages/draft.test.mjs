import assert from "node:assert/strict";
import { test } from "node:test";

import { area, body, empty, expires, placed, texts } from "../../broadcaster/web/sources/parts/compose_draft.js";

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

test("rings are closed, and circles carry what the API takes alone", () => {
  const draft = { ...empty(given), circles: [circle], polygons: [[[0, 48], [1, 48], [1, 49]]] };
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

test("an end without a day is none", () => {
  assert.equal(expires({ hours: "date", date: "" }), null);
  assert.equal(expires({ hours: "date", date: "2026-12-07T07:30:00Z" }).toISOString(), "2026-12-07T07:30:00.000Z");
});

test("each draft has a key of its own", () => assert.notEqual(empty(given).key, empty(given).key));
