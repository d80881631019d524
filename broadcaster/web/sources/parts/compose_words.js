// The step "words": the texts in each language, and each channel's message as rendered by the service.

import { operatorRequest } from "./operator_request.js";
import { body, expires, fromTemplate, languagesOf, onset, policyChannels } from "./compose_draft.js";
import { showEasy } from "./compose_easy.js";
import { all, language, many, one } from "./dom.js";

const TYPED_MS = 250;
const AN_HOUR_MS = 3_600_000;
const A_DAY_MS = 24 * AN_HOUR_MS;
const NEAR_THE_END = 0.8;
/** The draft's names of plain fields, by their ids. */
const FIELDS = { event: "event", topic: "topic", onset: "onsetDate", date: "date" };
/** Choices of which one is a date: name, id of the date's field, and how long after the sending time it is suggested. */
const DATES = /** @type {["hours" | "onset", "date" | "onset", number][]} */ ([["hours", "date", A_DAY_MS], ["onset", "onset", AN_HOUR_MS]]);

export class Wording {
  /** @param {any} given @param {any} app */
  constructor(given, app) {
    this.given = given;
    this.app = app;
    this.words = given.words;
    this.tab = given.own;
    this.seen = given.channels[0];
    this.previews = {};
    this.easy = {};
    this.findings = [];
    this.strict = false;
    this.asked = 0;
    this.timer = 0;
    this.bind();
  }

  get draft() {
    return this.app.draft;
  }

  enter() {
    this.strict = false;
    this.fillIn();
    this.choose(this.shown.includes(this.tab) ? this.tab : this.given.own);
    return this.preview();
  }

  get shown() {
    return languagesOf(this.given, this.draft);
  }

  fillIn() {
    const { draft, shown } = this;
    for (const each of all("[data-tab], [data-side], .words")) {
      const { tab, side, language: code } = each.dataset;
      each.hidden = !shown.includes(tab ?? side ?? code);
    }
    for (const choice of [one(".tablist"), one(".side-choice")]) choice.hidden = shown.length === 1;
    const more = all("[data-also]");
    for (const each of more) each.hidden = shown.includes(each.dataset.also);
    one(".also").hidden = more.every((each) => each.hidden);
    for (const area of all("textarea[data-text]")) {
      area.value = draft.texts[area.closest("[data-language]").dataset.language][area.dataset.text] ?? "";
      this.count(area);
    }
    for (const each of all("[data-asking]")) each.open = all("textarea", each).some((area) => area.value);
    for (const [id, name] of Object.entries(FIELDS)) one(`#${id}`).value = draft[name];
    for (const each of all('input[name="severity"]')) each.checked = each.value === draft.severity;
    for (const [name, id] of DATES) {
      for (const each of all(`input[name="${name}"]`)) each.checked = each.value === draft[name];
      one(`#${id}-row`).hidden = draft[name] !== "date";
    }
    this.channels();
  }

  channels() {
    for (const each of all('input[name="channel"]')) each.checked = this.draft.channels.includes(each.value);
  }

  bind() {
    for (const area of all("textarea[data-text]")) {
      const code = area.closest("[data-language]").dataset.language;
      area.addEventListener("input", () => {
        this.draft.texts[code][area.dataset.text] = area.value;
        this.findings = this.findings.filter((each) => each.field !== `texts.${code}.${area.dataset.text}`);
        this.draft.touched = true;
        this.count(area);
        this.changed();
      });
      area.addEventListener("focus", () => code !== this.tab && this.choose(code));
    }
    for (const [id, name] of Object.entries(FIELDS)) {
      one(`#${id}`).addEventListener("input", (event) => {
        this.draft[name] = event.target.value;
        this.changed();
      });
    }
    for (const each of all('input[name="severity"]')) each.addEventListener("change", () => this.grave(each.value));
    for (const [name, id, after] of DATES) {
      for (const each of all(`input[name="${name}"]`)) {
        each.addEventListener("change", () => {
          this.draft[name] = each.value;
          one(`#${id}-row`).hidden = each.value !== "date";
          if (each.value === "date" && !this.draft[FIELDS[id]]) this.suggestDate(id, after);
          this.changed();
        });
      }
    }
    for (const each of all('input[name="channel"]')) {
      each.addEventListener("change", () => {
        this.draft.channels = this.given.channels.filter((name) => one(`input[name="channel"][value="${name}"]`).checked);
        this.draft.channelsChosen = true;
        this.changed();
      });
    }
    for (const each of all('input[name="seen"]')) {
      each.addEventListener("change", () => {
        this.seen = each.value;
        this.show();
      });
    }
    const tabs = all("[data-tab]");
    for (const tab of tabs) {
      tab.addEventListener("click", () => this.choose(tab.dataset.tab));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const open = tabs.filter((each) => !each.hidden);
        const next = open[(open.indexOf(tab) + step + open.length) % open.length];
        this.choose(next.dataset.tab);
        next.focus();
      });
    }
    for (const side of all("[data-side]")) side.addEventListener("click", () => this.choose(side.dataset.side));
    for (const each of all("[data-also]")) each.addEventListener("click", () => this.add(each.dataset.also));
    one("#spell-cheap").addEventListener("click", () => this.spell(true));
    one("#spell-dear").addEventListener("click", () => this.spell(false));
    one("#to-check").addEventListener("click", () => this.onward());
  }

  /**
   * Fill in the date and time that lie `after` the sending time.
   * @param {"date" | "onset"} name @param {number} after
   */
  suggestDate(name, after) {
    const { when, at } = this.draft.later;
    const day = new Date((when === "now" || !at ? Date.now() : Number(new Date(at))) + after);
    day.setMinutes(0, 0, 0);
    const two = (n) => String(n).padStart(2, "0");
    const said = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T${two(day.getHours())}:00`;
    this.draft[FIELDS[name]] = said;
    one(`#${name}`).value = said;
  }

  grave(severity) {
    const { draft } = this;
    draft.severity = severity;
    if (!draft.channelsChosen) draft.channels = policyChannels(this.given, draft);
    if (draft.audience === "everyone" && !this.given.grave.includes(severity)) draft.audience = "followers";
    this.channels();
    this.changed();
  }

  spell(cheap) {
    const others = this.draft.cheap.filter((each) => each !== this.tab);
    this.draft.cheap = cheap ? [...others, this.tab] : others;
    this.changed();
  }

  /** Add a language, as the template has it. @param {string} code */
  add(code) {
    this.draft.added.push(code);
    if (this.draft.written[code]) this.draft.texts[code] = fromTemplate(this.draft.written[code]);
    this.fillIn();
    this.choose(code);
    one(`#headline-${code}`).focus();
    this.changed();
  }

  choose(code) {
    this.tab = code;
    for (const tab of all("[data-tab]")) {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === code));
      tab.tabIndex = tab.dataset.tab === code ? 0 : -1;
    }
    for (const side of all("[data-side]")) side.setAttribute("aria-pressed", String(side.dataset.side === code));
    for (const side of all(".words")) side.classList.toggle("current", side.dataset.language === code);
    this.show();
  }

  count(area) {
    const limit = this.given.limits[area.dataset.text] ?? Infinity;
    const left = limit - area.value.trim().length;
    const place = area.parentElement.querySelector("[data-left]");
    place.hidden = area.value.length < limit * NEAR_THE_END;
    place.classList.toggle("over", left < 0);
    place.textContent = many(left < 0 ? this.words.over_chars : this.words.left_chars, Math.abs(left));
  }

  changed() {
    this.app.changed();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.preview(), TYPED_MS);
  }

  /** Fetch the channels' previews. */
  async preview() {
    const mine = ++this.asked;
    const updates = this.given.editing?.updates || "";
    /** @type {any} */
    const question = { ...body(this.given, this.draft), expires: expires(this.draft)?.toISOString(), updates };
    delete question.area;
    delete question.territory;
    try {
      const found = await operatorRequest("POST", `/console/preview?lang=${language}`, question);
      if (mine !== this.asked) return;
      this.previews = found.languages;
      this.easy = found.easy;
      this.findings = found.findings;
      this.tell();
      this.show();
    } catch (error) {
      if (mine === this.asked) this.app.failed(error);
    }
  }

  /** Show errors beside their fields; fields that are merely empty are reported only on the way to the next step. */
  tell() {
    const found = new Map(this.findings.map((each) => [each.field, each.problem]));
    if (this.strict) for (const [field, problem] of this.missing()) if (!found.has(field)) found.set(field, problem);
    for (const field of all("#step-words [data-field]")) {
      const name = field.dataset.field;
      const control = field.querySelector("textarea, input");
      const empty = control?.matches("textarea") && !control.value.trim();
      const problem = empty && !this.strict ? "" : found.get(name) || "";
      const place = field.querySelector(".wrong");
      place.textContent = problem;
      place.hidden = !problem;
      field.classList.toggle("bad", Boolean(problem));
      control?.toggleAttribute("aria-invalid", Boolean(problem));
    }
    for (const mark of all("[data-mark]")) {
      mark.textContent = [...found.keys()].some((field) => field.startsWith(`texts.${mark.dataset.mark}.`)) ? " !" : "";
    }
  }

  *missing() {
    const { draft, given } = this;
    if (!draft.severity) yield ["severity", this.words.choose_severity];
    if (!draft.texts[given.own].headline.trim()) yield [`texts.${given.own}.headline`, this.words.no_headline];
    if (!draft.channels.length) yield ["channels", this.words.no_channel];
    if (!expires(draft)) yield ["expires", this.words.no_day];
    if (draft.onset === "date" && !onset(draft)) yield ["onset", this.words.no_day];
  }

  /** Return whether the texts can be sent. */
  ready() {
    return ![...this.missing()].length && !this.findings.length;
  }

  async onward() {
    window.clearTimeout(this.timer);
    this.strict = true;
    await this.preview();
    this.tell();
    if (this.ready()) {
      this.app.go("check");
      return;
    }
    this.showFirstWrong();
  }

  showFirstWrong() {
    const bad = one("#step-words .field.bad");
    if (!bad) return;
    const side = bad.closest("[data-language]");
    if (side) this.choose(side.dataset.language);
    const details = bad.closest("details");
    if (details) details.open = true;
    bad.querySelector("textarea, input")?.focus();
    bad.scrollIntoView({ block: "center" });
  }

  show() {
    for (const each of all("[data-seen]")) each.hidden = each.dataset.seen !== this.seen;
    const found = this.previews[this.tab];
    one("#no-text").hidden = Boolean(found);
    const wrong = this.findings.some((each) => each.field.startsWith(`texts.${this.tab}.`));
    one("#no-text").textContent = found ? "" : wrong ? this.words.to_mend : this.words.no_text;
    const put = (name, text) => (one(`[data-preview="${name}"]`).textContent = text);
    put("push.title", found?.push.title ?? "");
    put("push.body", found?.push.body ?? "");
    put("push.answers", found?.push.answers.join("  ·  ") ?? "");
    put("sms.text", found?.sms.text ?? "");
    put("voice.say", found?.voice.say ?? "");
    put("mail.subject", found?.mail.subject ?? "");
    put("mail.sender", found?.mail.sender ?? "");
    const cheap = this.draft.cheap.includes(this.tab);
    one("#cheap").hidden = !cheap || !found;
    one("#cheaper").hidden = !found?.sms.cheaper;
    if (found) {
      const n = found.sms.segments;
      put("sms.count", `${many(this.words.segments, n)} · ${found.sms.encoding}`);
      if (found.sms.cheaper) {
        one("#cheaper p").textContent = many(this.words.cheaper, found.sms.cheaper.segments, { now: n, signs: found.sms.culprits.join("  ") });
      }
    }
    showEasy(this.draft.texts, this.easy);
    if (this.seen === "email" && found) this.mail();
  }

  /** Show the mail in a frame; a new frame each time, so that the back button leads to the previous step. */
  mail() {
    const asked = body(this.given, this.draft);
    const { territory, area, cheap, audience, ...draft } = asked; // eslint-disable-line no-unused-vars
    const whole = JSON.stringify({ ...draft, expires: expires(this.draft)?.toISOString() });
    const content = `${this.tab}${JSON.stringify(draft)}`;
    if (content === this.mailed) return;
    this.mailed = content;
    const old = one("iframe.mail");
    old.replaceWith(old.cloneNode(false));
    const form = one("#mail-form");
    form.elements.draft.value = whole;
    form.elements.language.value = this.tab;
    form.elements.updates.value = this.given.editing?.updates || "";
    form.submit();
  }
}
