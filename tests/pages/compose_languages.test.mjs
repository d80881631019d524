// The check warns where readers of another language would miss something.
import assert from "node:assert/strict";
import { test } from "node:test";

import { languageWarnings } from "../../broadcaster/web/sources/parts/compose_languages.js";

const words = { warn_no_instruction: "%(language)s lacks what %(own)s asks", warn_one_changed: "%(changed)s changed, %(other)s not", warn_easy_unchanged: "%(language)s: easy text" };
const given = { words, own: "fr" };
const say = (sentence, codes) => sentence.replace(/%\((\w+)\)s/g, (_, gap) => codes[gap]);
const text = (headline, instruction = "") => ({ headline, description: "", instruction });
const template = { fr: text("Crue", "Montez."), en: text("Flood", "Go upstairs.") };
const warned = (texts, from = template) => [...languageWarnings(given, { texts, written: from }, texts, say)];

test("one language that was changed without the other is told, whichever it is", () => {
  assert.deepEqual(warned({ ...template, fr: text("Crue de la Risle", "Montez.") }), ["fr changed, en not"]);
  assert.deepEqual(warned({ ...template, en: text("The Risle floods", "Go upstairs.") }), ["en changed, fr not"]);
  assert.deepEqual(warned({ fr: text("Crue rapide", "Montez."), en: text("Flash flood", "Go upstairs.") }), []);
  assert.deepEqual(warned(template), []);
});

test("a translation without the instruction is told, and a text of one's own has no template to differ from", () => {
  assert.deepEqual(warned({ fr: text("Crue", "Montez."), en: text("Flood", " ") }, {}), ["en lacks what fr asks"]);
  assert.deepEqual(warned({ fr: text("Crue"), en: text("Flood") }, {}), []);
  assert.deepEqual(warned({ en: text("Flood", "Go upstairs.") }, {}), [], "without the station's own text nothing is compared");
});

test("an easy text of the version before is told once what to do is another", () => {
  const before = { fr: { ...text("Crue", "Montez."), easy: "Montez vite." } };
  const told = (now) => [...languageWarnings({ ...given, editing: { draft: { texts: before } } }, { texts: now, written: {} }, now, say)];
  assert.deepEqual(told({ fr: { ...before.fr, instruction: "Descendez." } }), ["fr: easy text"]);
  assert.deepEqual(told({ fr: { ...before.fr, instruction: "Descendez.", easy: "Descendez vite." } }), []);
  assert.deepEqual(told(before), []);
});
