// What is announced to screen readers.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

const place = { id: "said", textContent: "" };
globalThis.document = /** @type {any} */ ({
  documentElement: { lang: "fr", dataset: { locales: "fr-FR" } },
  getElementById: () => place,
});
globalThis.window = /** @type {any} */ ({ setTimeout: (...given) => globalThis.setTimeout(...given) });
mock.timers.enable({ apis: ["setTimeout"] });
const { say } = await import("../../broadcaster/web/sources/parts/dom.js");

test("a sentence said twice in one moment stays, as do two of one moment", () => {
  say("Enregistré");
  mock.timers.tick(20);
  say("Enregistré");
  mock.timers.tick(1000);
  assert.equal(place.textContent, "Enregistré");
  say("Enregistré");
  say("Rien à vos endroits");
  mock.timers.tick(1000);
  assert.equal(place.textContent, "Enregistré Rien à vos endroits");
});
