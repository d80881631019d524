// Sending now, later or repeatedly: this part of the draft in the last step, and the next times as computed by the
// service.

import { body, expires, unscheduled } from "./compose_draft.js";
import { nth, rule } from "./compose_rule.js";
import { operatorRequest } from "./operator_request.js";
import { all, fill, language, make, one, trouble } from "./dom.js";

const PAUSE_MS = 400;
const A_MINUTE_MS = 60_000;

/** Return the sending time in the API's form. @param {any} draft */
function times(draft) {
  const { later } = draft;
  const again = later.when === "repeat";
  return {
    at: later.at,
    ...(later.zone ? { zone: later.zone } : {}),
    ...(again ? { repeat: rule(later), skip_public_holidays: later.holidays } : {}),
    ...(again && later.school ? { skip_school_holidays: later.school } : {}),
  };
}

const minutes = (draft, date) => Math.round((Number(new Date(date)) - Number(new Date(draft.later.at))) / A_MINUTE_MS);

/** Return how long it is in force, in minutes. @param {any} draft */
const lasts = (draft) => (draft.hours === "date" ? minutes(draft, draft.date) : Math.round(Number(draft.hours) * 60));

/** Return the fields of a schedule besides its alert. @param {any} draft */
export function schedule(draft) {
  const { later } = draft;
  const begins = draft.onset === "date" ? minutes(draft, draft.onsetDate) : Number(draft.onset);
  return {
    ...times(draft),
    lasts_minutes: lasts(draft),
    ...(begins ? { onset_minutes: begins } : {}),
    public: later.publicly,
    ...(later.grace === "" ? {} : { grace_minutes: Number(later.grace) }),
    ...(later.reason.trim() ? { reason: later.reason.trim() } : {}),
  };
}

/** Return the reach query for its sending time. @param {any} given @param {any} draft */
export function question(given, draft) {
  const { at, zone, when } = draft.later;
  const updates = given.editing?.updates;
  if (when === "now" || !at) return { ...body(given, draft), expires: expires(draft)?.toISOString(), ...(updates ? { updates } : {}) };
  const held = lasts(draft);
  return { ...body(given, draft), at, ...(zone ? { zone } : {}), ...(held > 0 ? { lasts_minutes: held } : {}) };
}

export class When {
  /** @param {any} given @param {any} app @param {() => void} changed called when the button's text may change */
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
    this.name();
    one("#later").hidden = later.when === "now";
    one("#recurs").hidden = later.when !== "repeat";
    one("#own-row").hidden = later.rule !== "own";
    one("#until-row").hidden = later.rule === "own";
    one("#reason-row").hidden = !(grave && status === "actual");
    one("#grace-row").hidden = grave;
    one("#never-late").hidden = !grave;
    window.clearTimeout(this.timer);
    if (later.when === "now" || !later.at) this.tell([]);
    else this.timer = window.setTimeout(() => this.ask(), PAUSE_MS);
  }

  /** Label the choices with the chosen date. */
  name() {
    const { words } = this.given;
    const day = new Date(this.later.at);
    if (Number.isNaN(day.getTime())) return;
    const weekday = new Intl.DateTimeFormat(language, { weekday: "long" }).format(day);
    const which = words.nth.split("|").at(nth(day) - (nth(day) > 0 ? 1 : 0));
    one('#rule [value="weekly"]').textContent = fill(words.rule_weekly, { day: weekday });
    one('#rule [value="nth"]').textContent = fill(words.rule_nth, { nth: which, day: weekday });
  }

  async ask() {
    const mine = ++this.asked;
    try {
      const found = await operatorRequest("POST", `/console/when?lang=${language}`, { station: this.given.station, ...times(this.app.draft), except_on: this.later.except_on });
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
    trouble(one("#at-wrong"), wrong);
  }
}
