// /console/new: a new alert in four steps, one visible at a time. The back button moves between them, and no input is
// lost.

import { Drafts, empty, filled, fromTemplate, placed, policyChannels } from "./parts/compose_draft.js";
import { Check } from "./parts/compose_check.js";
import { Where } from "./parts/compose_where.js";
import { Wording } from "./parts/compose_words.js";
import { all, fill, left, one, written } from "./parts/dom.js";
import { request } from "./parts/request.js";

const STEPS = ["kind", "where", "words", "check"];

class App {
  constructor(given) {
    this.given = given;
    this.words = given.words;
    this.sent = false;
    this.drafts = new Drafts(given, (kept) => this.kept(kept));
    this.draft = empty(given);
    this.where = new Where(given, this);
    this.wording = new Wording(given, this);
    this.check = new Check(given, this);
    request("GET", `/map/${given.station}.json`).catch(() => {}); // so that the map data has arrived when its step is shown
    this.bind();
    this.begin();
  }

  /** Start: a reloaded page resumes its draft; people who come from another page are asked first. */
  begin() {
    const found = this.drafts.find(this.given);
    const goOn = new URLSearchParams(location.search).has("go_on");
    const asked = location.hash.slice(1);
    if (this.given.editing) {
      const [came] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
      const again = goOn || ["reload", "back_forward"].includes(came?.type);
      this.draft = (again && found) || filled(this.given);
      this.wording.fillIn(); // the summary reads the choices made there
      this.show(asked || (this.given.editing.updates ? "where" : "check"), { replace: true });
      return;
    }
    if (found && (STEPS.indexOf(asked) > 0 || goOn)) {
      this.draft = found;
      this.show(goOn && !asked ? found.step : asked, { replace: true });
      return;
    }
    if (found) this.offer(found);
    this.show("kind", { replace: true });
  }

  offer(found) {
    const what = found.texts[this.given.own].headline || found.event || this.words.untitled;
    const when = written(new Date(found.at), { dateStyle: "medium", timeStyle: "short" });
    one("#unfinished p").textContent = fill(this.words.unfinished, { what, when });
    one("#unfinished").hidden = false;
    one("#go-on").onclick = () => {
      one("#unfinished").hidden = true;
      this.draft = found;
      this.go(found.step === "kind" ? "where" : found.step);
    };
    one("#anew").onclick = () => {
      one("#unfinished").hidden = true;
      this.drafts.forget();
      one("#step-kind h1").focus();
    };
  }

  bind() {
    window.addEventListener("hashchange", () => this.show(location.hash.slice(1)));
    for (const each of all(".kind")) each.addEventListener("click", () => this.take(each.dataset.kind));
    for (const each of all('input[name="status"]')) {
      each.addEventListener("change", () => {
        this.draft.status = each.value;
        this.mood();
        if (this.draft.kind) this.changed();
      });
    }
    for (const each of all("[data-back]")) each.addEventListener("click", () => history.back());
    window.addEventListener("offline", () => this.trouble(this.words.offline));
    window.addEventListener("online", () => {
      this.trouble("");
      if (this.draft.step === "where") this.where.ask();
      if (this.draft.step === "words") this.wording.preview();
      if (this.draft.step === "check") this.check.ask();
    });
    window.addEventListener("pageshow", (event) => event.persisted && this.sent && location.reload());
  }

  /** Start from a template: its texts, its severity, its duration. */
  take(name) {
    const found = this.given.beginnings.find((each) => each.name === name);
    const old = this.draft;
    const again = old.kind === name;
    if (!again) {
      if (old.kind && old.touched && !window.confirm(this.words.replace)) return this.go("where");
      const status = found.status === "actual" ? old.status : found.status;
      this.draft = { ...empty(this.given), circles: old.circles, polygons: old.polygons, kind: name, status };
      if (old.kind) this.draft.key = old.key;
      this.fillIn(found, old);
    }
    one("#unfinished").hidden = true;
    this.changed();
    this.mood();
    return this.go("where");
  }

  fillIn(found, old) {
    const { draft, given } = this;
    Object.assign(draft, { severity: found.severity, urgency: found.urgency, certainty: found.certainty, category: found.category });
    draft.hours = String(found.hours);
    draft.radius = found.radius_m;
    draft.event = found.said[given.own]?.event || "";
    draft.written = found.said;
    for (const code of given.station_languages) if (found.said[code]) draft.texts[code] = fromTemplate(found.said[code]);
    draft.topic = given.topics.includes(found.topic) ? found.topic : "";
    draft.policy = found.policy;
    if (found.severity) draft.channels = found.channels ? [...found.channels] : policyChannels(given, draft);
    draft.channelsChosen = Boolean(found.channels);
    const drawn = old.circles.length || old.polygons.length;
    draft.territory = given.authority && found.territory && given.territory && !drawn;
    if (given.authority) draft.audience = given.grave.includes(found.severity) ? "everyone" : "followers";
    else draft.audience = given.groups.length ? "groups" : "all_followers";
    draft.groups = old.groups;
  }

  changed() {
    if (!this.sent) this.drafts.save(this.draft);
  }

  reached() {
    if (navigator.onLine) this.trouble("");
  }

  kept(kept) {
    one("#kept").textContent = kept ? this.words.kept : this.words.not_kept;
  }

  /** Show why the service can't answer. @param {any} error */
  failed(error) {
    if (error.status === 401) this.trouble(this.words.signed_out, this.words.sign_in, this.signIn());
    else if (error.status === 403) this.trouble(error.message);
    else if (error.status === 429) this.trouble(this.words.too_often);
    else if (!navigator.onLine || error instanceof TypeError) this.trouble(this.words.offline);
    else this.trouble(this.words.trouble);
  }

  signIn() {
    const { editing, station } = this.given;
    const then = editing ? `${location.pathname}${location.search || "?"}&go_on=1` : `/console/new?station=${encodeURIComponent(station)}&go_on=1`;
    return `/console/sign-in?then=${encodeURIComponent(then)}`;
  }

  trouble(sentence, link = "", href = "") {
    const box = one("#trouble");
    if (box.dataset.said === sentence) return;
    box.dataset.said = sentence;
    box.hidden = !sentence;
    one("p", box).textContent = sentence;
    if (link) {
      const a = document.createElement("a");
      a.href = href;
      a.className = "button";
      a.textContent = link;
      one("p", box).append(" ", a);
    }
    if (sentence && link) this.drafts.flush();
  }

  mood() {
    const { status } = this.draft;
    document.body.classList.toggle("exercise", status === "exercise");
    document.body.classList.toggle("test", status === "test");
    one("#drill-banner").hidden = status !== "exercise";
    one("#test-banner").hidden = status !== "test";
    for (const each of all('input[name="status"]')) each.checked = each.value === status;
  }

  go(step) {
    if (location.hash === `#${step}`) this.show(step);
    else location.hash = step;
  }

  /** Return the requested step, or the last one before it that can be shown. */
  reachable(step) {
    const { draft } = this;
    const { editing } = this.given;
    if (editing && !editing.steps.includes(step)) return "check";
    if (!STEPS.includes(step) || !draft.kind) return "kind";
    if (step === "kind" || step === "where") return step;
    if (!placed(draft)) return "where";
    if (step === "words") return step;
    return [...this.wording.missing()].length ? "words" : step;
  }

  show(wanted, { replace = false } = {}) {
    const step = this.reachable(wanted);
    if (step !== wanted || replace) history.replaceState(null, "", `${location.pathname}${location.search}${step === "kind" ? "" : `#${step}`}`);
    const before = this.draft.step;
    this.draft.step = step;
    document.body.dataset.step = step;
    for (const each of all(".step")) each.hidden = each.id !== `step-${step}`;
    for (const each of all(".way a")) {
      const at = STEPS.indexOf(each.dataset.step);
      if (each.dataset.step === step) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
      each.classList.toggle("done", at < STEPS.indexOf(step));
    }
    this.mood();
    if (this.draft.kind) this.changed();
    const part = { where: this.where, words: this.wording, check: this.check }[step];
    part?.enter();
    window.scrollTo(0, 0);
    if (before !== step || !replace) one(`#step-${step} h1`).focus({ preventScroll: true });
  }
}

const given = left("given");
if (given) new App(given);
