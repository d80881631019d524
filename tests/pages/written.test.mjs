// Dates and punctuation as the French write them.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= /** @type {any} */ ({ documentElement: { lang: "fr", dataset: { locales: "fr-FR en-GB", firsts: "fr:1er" } } });
const { unbroken, written } = await import("../../broadcaster/web/sources/parts/dom.js");

test("the first of a month is the 1er in French alone", () => {
  const options = /** @type {Intl.DateTimeFormatOptions} */ ({ dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  assert.match(written(new Date("2026-12-01T11:01Z"), options), /^1er décembre 2026\D+11:01$/);
  assert.match(written(new Date("2026-12-11T01:01Z"), options), /^11 décembre 2026\D+01:01$/);
  assert.match(written(new Date("2026-12-01T11:01Z"), options, "en"), /^1 December 2026/);
});

test("a punctuation mark stays on its line", () => {
  assert.equal(unbroken("Crue : montez ! « Vite »"), "Crue\u00a0: montez\u00a0! «\u00a0Vite\u00a0»");
});
