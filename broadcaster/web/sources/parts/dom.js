// DOM and formatting functions shared by the scripts.

/**
 * Return the first element that matches a selector, or null; typed any for the type checker.
 * @param {string} selector @param {ParentNode} [within] @returns {any}
 */
export const one = (selector, within = document) => within.querySelector(selector);

/**
 * Return all elements that match a selector, as an array.
 * @param {string} selector @param {ParentNode} [within] @returns {any[]}
 */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/**
 * Return what the server left for scripts in <script type="application/json" id="…">, or null.
 * @param {string} id
 */
export function left(id) {
  const found = document.getElementById(id);
  return found ? JSON.parse(found.textContent) : null;
}

/** Create an element. Its text is never parsed as markup. @param {string} name @param {Record<string, any>} [given] */
export function make(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Create an element of SVG. @param {string} name @param {Record<string, any>} facts */
export function svg(name, facts, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(facts)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** Create a button; screen readers also hear what it is about. @param {string} verb @param {string} title @param {() => any} work */
export const button = (verb, title, work) =>
  make("button", { type: "button", class: "button plain", onclick: work }, verb, make("span", { class: "unseen" }, ` ${title}`));

/** Handle a form here instead of sending it. @param {any} form @param {(event: any) => any} work */
export const submitted = (form, work) =>
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    work(event);
  });

/** Show an error sentence in its place; an empty one hides it. @param {Element} place @param {string} sentence */
export function trouble(place, sentence) {
  place.textContent = sentence;
  place.toggleAttribute("hidden", !sentence);
}

/** @param {string} sentence */
export const capital = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

/** The page's language, for numbers and dates. */
export const language = document.documentElement.lang;

const facts = (/** @type {string} */ name) => (document.documentElement.dataset?.[name] || "").split(" ");
const locales = facts("locales");
const firsts = Object.fromEntries(facts("firsts").map((each) => each.split(":")));
/** CLDR's locale of a language, for dates: readers of English in France expect 21:59. @param {string} [said] */
export const dates = (said = language) => locales.find((each) => each.startsWith(`${said}-`)) || said;

/** Format a moment for the reader; the first of a month as the language writes it (1er). @param {Date} at @param {Intl.DateTimeFormatOptions} options @param {string} [said] */
export function written(at, options, said = language) {
  const text = new Intl.DateTimeFormat(dates(said), options).format(at);
  return firsts[said] ? text.replace(/\b1 (?=\p{L})/u, `${firsts[said]} `) : text;
}

/** Keep a punctuation mark on the line of the word before it. @param {string} text */
export const unbroken = (text) => text.replace(/(\S) (?=[:;?!»])/g, "$1\u00a0").replace(/« /g, "«\u00a0");

const whole = new Intl.NumberFormat(dates());
/** Format a number for the reader. @param {number} value */
export const number = (value) => whole.format(value);

/** Fill the placeholders of a sentence, such as %(name)s. @param {string} sentence @param {Record<string, any>} gaps */
export const fill = (sentence, gaps) => sentence.replace(/%\((\w+)\)s/g, (_, name) => isolated(String(gaps[name] ?? "")));

// In right-to-left text, the characters of a number or an address would be reordered.
const isolated = (/** @type {string} */ said) => (document.dir === "rtl" ? `\u2068${said}\u2069` : said);

const plural = new Intl.PluralRules(language);
/** Fill the plural form for a number. @param {Record<string, string>} forms @param {number} n */
export const many = (forms, n, gaps = {}) => fill(forms[plural.select(n)] ?? forms.other, { n: number(n), ...gaps });

/** @type {Set<string>} */
const unsaid = new Set();
let saying = 0;

/** Announce a sentence to screen readers, once; those of one moment together. @param {string} sentence */
export function say(sentence) {
  let place = document.getElementById("said");
  if (!place) {
    place = make("p", { id: "said", class: "unseen", role: "status" });
    document.body.append(place);
  }
  place.textContent = "";
  unsaid.add(sentence);
  saying ||= window.setTimeout(() => {
    place.textContent = [...unsaid].join(" ");
    unsaid.clear();
    saying = 0;
  }, 50);
}
