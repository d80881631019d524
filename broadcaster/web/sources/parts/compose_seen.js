// The last step's previews: each language's whole text with what is easy to read of it, and each channel's message.

import { texts } from "./compose_draft.js";
import { capital, dates, make, many } from "./dom.js";

const NAMES = () => new Intl.DisplayNames([dates()], { type: "language" });

/**
 * Return one element per language; without a network, only its text.
 * @param {any} given @param {any} draft @param {Record<string, any>} previews by language
 * @param {Record<string, string>} easy by language
 */
export function seen(given, draft, previews, easy) {
  return Object.entries(texts(draft)).map(([code, { headline, description, instruction, question, answers }]) => {
    const found = previews[code];
    const ways = given.channels.filter((name) => found && draft.channels.includes(name));
    const text = [make("strong", {}, headline), instruction, description, question, answers.join("  ·  ")].filter(Boolean);
    return make("section", { class: "seen-in", "data-seen-in": code },
      make("h3", {}, capital(NAMES().of(code) ?? code)),
      make("div", { class: "whole", lang: code, dir: given.directions[code] }, ...text.map((each) => make("p", {}, each)), ...simple(given, easy[code])),
      make("div", { class: "as-sent" }, ...ways.map((name) => card(given, name, found, code))),
    );
  });
}

const simple = (given, text) =>
  text ? [make("p", { class: "small" }, make("strong", { lang: document.documentElement.lang, dir: "auto" }, given.words.easy), `\n${text}`)] : [];

function card(given, name, found, code) {
  const { words } = given;
  const way = { push: () => pushed(given, found), sms: () => texted(words, found), voice: () => [make("p", { class: "spoken-card" }, found.voice.say)], email: () => [make("p", {}, make("strong", {}, found.mail.subject)), make("p", { class: "mail-text" }, found.mail.text)] }[name];
  return make("figure", { "data-way": name, lang: code, dir: given.directions[code] }, make("figcaption", { lang: document.documentElement.lang, dir: "auto" }, words[name]), ...way());
}

const pushed = (given, found) => [
  make("div", { class: "push-card" }, make("span", { class: "app" }, `Tocsin · ${given.name}`), make("strong", {}, found.push.title), make("span", { class: "said" }, found.push.body), make("span", { class: "answers" }, found.push.answers.join("  ·  "))),
];

const texted = (words, found) => [
  make("p", { class: "sms-bubble" }, found.sms.text),
  make("p", { class: "small quiet" }, `${many(words.segments, found.sms.segments)}${found.sms.cut ? ` · ${words.sms_cut_short}` : ""}`),
];
