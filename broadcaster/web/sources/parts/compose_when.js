// Now, at a time, or again and again: the last step's own part of a draft, and the next times as the service counts them.

import { unscheduled } from "./compose_draft.js";
import { call } from "./call.js";
import { all, language, make, one } from "./dom.js";

const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const PAUSE_MS = 400;

function rule(later) {
  const day = new Date(later.at);
  const named = DAYS[day.getDay()];
  const found = {
    daily: "FREQ=DAILY",
    working: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    weekly: `FREQ=WEEKLY;BYDAY=${named}`,
    nth: `FREQ=MONTHLY;BYDAY=${Math.ceil(day.getDate() / 7)}${named}`,
    own: later.own.trim(),
  }[later.rule];
  return later.until && later.rule !== "own" ? `${found};UNTIL=${later.until.replaceAll("-", "")}` : found;
}

/** Give when it goes out, as the service is asked. @param {any} draft */
export function times(draft) {
  const { later } = draft;
  const again = later.when === "repeat";
  return {
    at: later.at,
    ...(again ? { repeat: rule(later), skip_public_holidays: later.holidays } : {}),
    ...(again && later.school ? { skip_school_holidays: later.school } : {}),
  };
}

/** Give what a schedule has beside its alert. @param {any} draft */
export function schedule(draft) {
  const { later } = draft;
  const minutes = draft.hours === "date" ? Math.round((Number(new Date(draft.date)) - Number(new Date(later.at))) / 60_000) : Number(draft.hours) * 60;
  return {
    ...times(draft),
    lasts_minutes: minutes,
    public: later.publicly,
    ...(later.grace === "" ? {} : { grace_minutes: Number(later.grace) }),
    ...(later.reason.trim() ? { reason: later.reason.trim() } : {}),
  };
}

export class When {
  /** @param {any} given @param {any} app @param {() => void} changed what the button says may be another */
  constructor(given, app, changed) {
    this.given = given;
    this.app = app;
    this.changed = changed;
    this.asked = 0;
    this.timer = 0;
    for (const each of all('input[name="when"]')) each.addEventListener("change", () => this.set("when", each.value));
    for (const each of all("[data-later]")) {
      each.addEventListener("input", () => this.set(each.dataset.later, each.type === "checkbox" ? each.checked : each.value));
    }
  }

  get later() {
    return (this.app.draft.later ||= unscheduled());
  }

  set(name, value) {
    this.later[name] = value;
    this.app.changed();
    this.show();
    this.changed();
  }

  enter() {
    const { later } = this;
    for (const each of all('input[name="when"]')) each.checked = each.value === later.when;
    for (const each of all("[data-later]")) {
      if (each.type === "checkbox") each.checked = later[each.dataset.later];
      else each.value = later[each.dataset.later];
    }
    this.show();
  }

  show() {
    const { later } = this;
    const { severity, status } = this.app.draft;
    const grave = this.given.grave.includes(severity);
    one("#later").hidden = later.when === "now";
    one("#recurs").hidden = later.when !== "repeat";
    one("#own-row").hidden = later.rule !== "own";
    one("#until-row").hidden = later.rule === "own";
    one("#reason-row").hidden = !(grave && status === "actual");
    one("#grace-row").hidden = grave;
    one("#never-late").hidden = !grave;
    window.clearTimeout(this.timer);
    this.tell([]);
    if (later.when !== "now" && later.at) this.timer = window.setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    const mine = ++this.asked;
    try {
      const found = await call("POST", `/console/when?lang=${language}`, { station: this.given.station, ...times(this.app.draft) });
      if (mine === this.asked) this.tell(found.coming, found.warning);
    } catch (error) {
      if (mine !== this.asked) return;
      if (error.status === 422) this.tell([], error.errors.map((each) => each.problem).join(" "));
      else this.app.failed(error);
    }
  }

  tell(coming, wrong = "") {
    one("#coming").replaceChildren(...coming.map((each) => make("li", {}, each)));
    one("#coming-head").hidden = !coming.length;
    one("#at-wrong").textContent = wrong;
    one("#at-wrong").hidden = !wrong;
  }
}
