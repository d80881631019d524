// The last step: the whole alert in one sentence, the warnings, and a button to hold.

import { operatorRequest } from "./operator_request.js";
import { area, body, expires, languagesOf, newKey, onset, texts } from "./compose_draft.js";
import { drawArea, drawBefore, styleOf, whereWords } from "./compose_area.js";
import { all, fill, language, make, many, number, one, trouble, written } from "./dom.js";
import { draw } from "./map.js";
import { When, question, schedule } from "./compose_when.js";
import { languageWarnings } from "./compose_languages.js";
import { seen } from "./compose_seen.js";
import { tally } from "./compose_tally.js";
import { Updating } from "./compose_update.js";

const SLOW_S = 600;
const TYPED_MS = 250;
const LANGUAGES = new Intl.DisplayNames([language], { type: "language" });

/** Format how many people it concerns: exact only if all of them are in the station's own register. */
function howMany(found, words) {
  if (!found.people && found.others_fewer_than) return fill(words.few_people, { n: number(found.others_fewer_than) });
  return found.others ? fill(words.about_people, { n: number(found.people) }) : many(words.n_people, found.people);
}

export class Check {
  /** @param {any} given @param {any} app */
  constructor(given, app) {
    this.given = given;
    this.app = app;
    this.words = given.words;
    /** @type {any} */
    this.map = null;
    /** @type {any} */
    this.reach = null;
    this.asked = 0;
    this.timer = 0;
    this.when = new When(given, app, () => {
      this.summary();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.ask(), TYPED_MS); // quiet hours differ by time
    });
    this.updating = given.editing?.updates ? new Updating(given, app) : null;
    one("#send").addEventListener("held", () => this.send());
    for (const each of all('input[name="wakes"]')) {
      each.addEventListener("change", () => {
        this.draft.wakes = each.value === "yes";
        this.app.changed();
        this.ask();
      });
    }
  }

  get draft() {
    return this.app.draft;
  }

  get isLater() {
    return this.draft.later.when !== "now";
  }

  enter() {
    one("#refused").hidden = true;
    this.button(false);
    this.when.enter();
    this.updating?.enter();
    this.summary();
    this.picture();
    this.showSeen();
    this.nameCircle();
    return this.ask();
  }

  /** Name a circle by its address; where the service knows none, its way from the town hall stays. */
  async nameCircle() {
    const { circles } = this.draft;
    const circle = circles[0];
    if (circles.length !== 1 || circle.label) return;
    const found = await operatorRequest("GET", `/console/place?lon=${circle.lon}&lat=${circle.lat}`).catch(() => ({ label: "" }));
    if (!found.label || this.draft.circles[0] !== circle) return;
    circle.label = found.label;
    this.summary();
    if (this.found) this.say(this.found);
  }

  async ask() {
    const mine = ++this.asked;
    this.found = null;
    one("#sentence").textContent = "…";
    one("#warnings").replaceChildren();
    try {
      const found = await operatorRequest("POST", `/console/reach?lang=${language}`, question(this.given, this.draft));
      if (mine === this.asked) this.say(found);
    } catch (error) {
      if (mine !== this.asked) return;
      one("#sentence").textContent = this.words.reach_later;
      if (error.status === 422 && !this.isLater) this.refuse(error.errors, error.message);
      else if (error.status !== 422) this.app.failed(error); // the list of next times shows what is wrong with the date
    }
  }

  say(found) {
    const { words, draft } = this;
    this.found = found;
    this.updating?.say(found);
    const now = { exercise: words.sends_drill, test: words.sends_test }[draft.status] || words.sends;
    const pattern = this.isLater ? words.schedules : now;
    one("#sentence").textContent = fill(pattern, { people: howMany(found, words), where: whereWords(this.given, draft) });
    one("#tally").replaceChildren(...tally(this.given, found, { draft, add: (channel) => this.add(channel) }));
    const how = Object.entries(found.hearing).filter(([, n]) => n);
    one("#hearing").hidden = how.every(([each]) => each === "now");
    one("#hearing").textContent = fill(words.hear, { how: how.map(([each, n]) => fill(words[`hear_${each}`], { n: number(n) })).join(", ") });
    this.askToWake(found);
    const warnings = [...this.warnings(found)];
    one("#warnings").replaceChildren(...warnings.map(([sentence, grave]) => make("li", { class: grave ? "notice bad" : "notice warn" }, make("p", {}, sentence))));
  }

  /** Add a channel; the next figures include its people. @param {string} channel */
  add(channel) {
    const { draft, given } = this;
    draft.channels = given.channels.filter((each) => each === channel || draft.channels.includes(each));
    draft.channelsChosen = true;
    this.app.changed();
    this.showSeen();
    this.ask();
  }

  /** Show the whole text and each channel's message, as rendered by the service. */
  async showSeen() {
    await this.app.wording.preview();
    const { previews, easy } = this.app.wording;
    one("#seen").replaceChildren(...seen(this.given, this.draft, previews, easy));
    const cuts = ([code, each]) => this.draft.channels.filter((name) => each[name]?.cut).map((name) => [code, each[name].cut]);
    const cut = Object.entries(previews).flatMap(cuts);
    one("#sms-cut").hidden = !cut.length;
    one("#sms-cut").className = `notice ${cut.some(([, what]) => what === "instruction") ? "bad" : "warn"}`;
    one("#sms-cut p").textContent = cut.map(([code, what]) => fill(this.words[`warn_cut_${what}`], { language: LANGUAGES.of(code) })).join(" ");
  }

  /** Ask whether to wake people who would otherwise miss it. Nothing is sent before this is answered. */
  askToWake(found) {
    const { words, draft } = this;
    const asleep = found.hearing.missed + found.woken;
    this.undecided = Boolean(asleep) && draft.wakes === null;
    one("#waking").hidden = !asleep;
    one("#asleep").textContent = many(words.asleep, asleep);
    one("#wakes-yes").textContent = many(words.wakes_yes, asleep);
    one("#wakes-no").textContent = many(words.wakes_no, asleep);
    one("#wakes-wrong").hidden = true;
    for (const each of all('input[name="wakes"]')) each.checked = draft.wakes === (each.value === "yes");
  }

  *warnings(found) {
    const { words, draft, given } = this;
    if (found.hearing.later) yield [many(words.warn_later, found.hearing.later), false];
    if (!found.people && !found.others_fewer_than) yield [words.warn_nobody, true];
    else if (found.people && found.no_channel === found.people) yield [words.warn_none_reached, true];
    if (found.seconds_to_95 > SLOW_S) yield [fill(words.warn_slow, { n: number(Math.ceil(found.seconds_to_95 / 60)) }), false];
    const grave = draft.status === "actual" && given.grave.includes(draft.severity);
    for (const [name, n] of Object.entries(found.over_budget)) yield [many(words[`over_${name}_${grave ? "sent" : "stopped"}`], n), !grave];
    if (found.channels.sms?.people) {
      for (const each of found.sms) {
        if (!each.culprits.length || each.segments < 2) continue;
        yield [fill(words.warn_dear, { language: LANGUAGES.of(each.language), n: each.segments, signs: each.culprits.join("  ") }), false];
      }
    }
    if (found.sandbox.length) yield [fill(words.warn_sandbox, { channels: found.sandbox.map((name) => words[`inside_${name}`]).join(", ") }), false];
    const written = texts(draft);
    const named = (sentence, codes) => fill(sentence, Object.fromEntries(Object.entries(codes).map(([gap, code]) => [gap, LANGUAGES.of(code)])));
    for (const sentence of languageWarnings(given, draft, written, named)) yield [sentence, false];
    for (const code of languagesOf(given, draft)) {
      if (!written[code]) yield [fill(words.warn_missing, { language: LANGUAGES.of(code), own: LANGUAGES.of(given.own) }), false];
    }
  }

  summary() {
    const { draft, given, words } = this;
    const mark = one("#severity-marks").content.querySelector(`[data-severity="${draft.status === "actual" ? draft.severity : "drill"}"]`);
    const beside = draft.status === "actual" ? draft.event : [given.severities[draft.severity], draft.event].filter(Boolean).join(" · ");
    one("#sum-what").replaceChildren(mark ? mark.firstElementChild.cloneNode(true) : "", ` ${beside}`);
    one("#sum-where").textContent = whereWords(given, draft);
    one("#sum-whom").textContent = words[draft.audience];
    const time = (day) => written(day, { timeZone: given.zone, weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    const chosen = (name) => one(`input[name="${name}"]:checked + span`)?.textContent || "";
    const until = expires(draft);
    const begins = onset(draft);
    const held = this.isLater && draft.hours !== "date" ? fill(words.until_after, { span: chosen("hours") }) : until && fill(words.until_date, { when: time(until) });
    const start = begins ? fill(words.begins_date, { when: time(begins) }) : draft.onset && chosen("onset");
    one("#sum-until").textContent = [start, held].filter(Boolean).join(" · ");
    const hold = { exercise: words.hold_drill, test: words.hold_test }[draft.status] || words.hold;
    one("#send span").textContent = given.editing && !this.updating ? words.hold_change : this.isLater ? words.hold_later : hold;
    one("#send").className = `button send big wide ${draft.status === "actual" ? draft.severity : "drill"}`;
  }

  async picture() {
    one("#small-map").hidden = !this.draft.territory && !area(this.draft);
    if (one("#small-map").hidden) return;
    if (!this.map) {
      this.map = draw(one("#small-map"), { ground: `/map/${this.given.station}.json`, words: this.words, still: true });
      this.map.map.dragging.disable();
      for (const each of ["touchZoom", "doubleClickZoom", "boxZoom", "keyboard"]) this.map.map[each].disable();
      one("#small-map").removeAttribute("tabindex");
      this.map.map.zoomControl?.remove();
    }
    this.place();
    await this.map.ready; // the map data arrives later, and then shows the whole territory
    this.place();
  }

  place() {
    const { draft } = this;
    this.map.map.invalidateSize({ animate: false });
    const shape = draft.territory ? { polygons: this.given.boundary } : area(draft);
    if (this.drawn) this.drawn.remove();
    this.drawn = drawArea(this.map.map, shape, styleOf(draft.status, draft.severity));
    const bounds = this.drawn.getBounds();
    const before = drawBefore(this.given, this.map.map);
    if (before) bounds.extend(before.addTo(this.drawn).getBounds());
    if (bounds.isValid()) this.map.map.fitBounds(bounds, { padding: [24, 24], animate: false, maxZoom: 15 });
  }

  button(busy) {
    const button = one("#send");
    button.disabled = busy;
    button.setAttribute("aria-busy", String(busy));
  }

  /** Send the draft. Repeated requests are identical until the draft changes, so that they make one alert. */
  async send() {
    const { draft } = this;
    if (this.busy) return;
    if (this.undecided) {
      trouble(one("#wakes-wrong"), this.words.choose_wakes);
      one('input[name="wakes"]').focus();
      return;
    }
    const stake = /** @type {HTMLInputElement | null} */ (document.querySelector("#stake"))?.value.trim();
    const asked = { ...body(this.given, draft), ...(stake && !this.isLater ? { life_at_stake: stake } : {}) };
    const core = JSON.stringify([asked, draft.hours, draft.date, draft.onset, draft.onsetDate, draft.later, draft.silent]);
    if (draft.pending?.core !== core) {
      const when = this.isLater ? schedule(draft) : { expires: expires(draft)?.toISOString(), onset: onset(draft)?.toISOString() };
      draft.pending = { core, body: { ...asked, ...when, ...this.updating?.body() } };
    }
    this.app.changed();
    this.app.drafts.flush();
    this.busy = true;
    this.button(true);
    one("#send span").textContent = this.words.sending;
    one("#refused").hidden = true;
    try {
      const [path, there] = this.where();
      const sent = await operatorRequest("POST", `${path}lang=${language}`, draft.pending.body, undefined, { "Idempotency-Key": draft.key });
      this.app.drafts.forget();
      this.app.sent = true;
      one("#send span").textContent = this.words.sent;
      location.assign(`/console/${sent.waits ? "approvals" : there}/${sent.id}`);
    } catch (error) {
      this.busy = false;
      this.button(false);
      this.summary();
      this.unsent(error);
    }
  }

  /** Return the address to send to, and that of the resulting page. */
  where() {
    const { editing } = this.given;
    if (this.updating) return [`${editing.path}/update?`, "alerts"];
    if (!editing) return this.isLater ? ["/console/schedule?", "schedules"] : ["/console/send?", "alerts"];
    const those = editing.occurrence ? `&occurrence=${encodeURIComponent(editing.occurrence)}&following=${this.draft.later.when === "repeat"}` : "";
    return [`${editing.path}/edit?version=${editing.version}${those}&`, "schedules"];
  }

  unsent(error) {
    if (error.status === 422) this.refuse(error.errors, error.message);
    else if (error.status === 409 && error.details?.id) this.before(error.details.id);
    else if (error.status === 412 && this.updating) this.tellNot(error.message, ...this.updating.newer(error));
    else if (error.status === 409) this.tellNot(error.message);
    else if (error.status === 401) this.signedOut(error);
    else if (error instanceof TypeError || !error.status) this.tellNot(this.words.lost);
    else this.tellNot(error.status === 403 ? error.message : this.words.lost);
  }

  /**
   * Show the error and scroll to it: it is at the top of the page, while the button is at the bottom.
   * @param {any} error
   */
  signedOut(error) {
    this.app.failed(error);
    one("#trouble").scrollIntoView({ block: "center" });
    one("#trouble a").focus({ preventScroll: true });
  }

  before(id) {
    const link = make("a", { href: `/console/alerts/${id}` }, this.words.see_it);
    const again = make("button", { type: "button", class: "button plain", onclick: () => this.asNew() }, this.words.as_new);
    this.tellNot(this.words.sent_before, make("li", {}, link), make("li", {}, again));
  }

  /** The alert that was sent stays; this draft becomes another one, which needs the same confirmation. */
  asNew() {
    this.draft.key = newKey();
    this.draft.pending = null;
    this.app.changed();
    one("#refused").hidden = true;
    one("#send").focus();
  }

  refuse(errors, message) {
    const steps = { template: "kind", texts: "words", severity: "words", channels: "words", expires: "words", onset: "words", event: "words" };
    for (const each of ["at", "repeat", "reason", "school_zone", "lasts_minutes", "grace_minutes"]) steps[each] = "check";
    const lines = (errors || []).map((each) => {
      const step = steps[each.field.split(/[.[]/)[0]] || "where";
      return make("li", {}, make("a", { href: `#${step}` }, each.problem));
    });
    this.tellNot(lines.length ? this.words.to_mend : message, ...lines);
  }

  tellNot(sentence, ...lines) {
    const box = one("#refused");
    one("p", box).textContent = sentence;
    one("ul", box).replaceChildren(...lines);
    box.hidden = false;
    box.focus();
  }
}
