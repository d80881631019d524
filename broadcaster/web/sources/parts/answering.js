// Answers to an alert, through a message's link or as a signed-up device. The form of a message's link also works
// without scripts; with this one it can send the position, and waits for a network.

import { fact } from "./device.js";
import { all, one, submitted } from "./dom.js";
import { answer } from "./reports.js";
import { bearer, request } from "./request.js";
import { locate } from "./geo.js";

const HELP = "help";

/** @param {HTMLElement} section */
export async function answering(section) {
  const { to = "" } = section.dataset;
  if (section.hidden && !(await fill(section, to))) return;
  const where = /** @type {HTMLElement} */ (one("[data-where]", section));
  where.hidden = !navigator.geolocation || !one(`[value=${HELP}]`, section);
  const form = /** @type {HTMLFormElement} */ (one("form", section));
  submitted(form, async (event) => {
    const button = /** @type {HTMLButtonElement} */ (event.submitter);
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    try {
      await submit(section, form, button, to);
    } finally {
      form.ariaBusy = "false";
    }
  });
}

/** Show the answers offered to a signed-up device. @param {HTMLElement} section @param {string} to */
async function fill(section, to) {
  const token = await fact("token");
  if (!token || !to) return false;
  const found = await request("GET", to, undefined, { headers: bearer(token), credentials: "omit" }).catch(() => null);
  if (!found?.offered.length) return false;
  const question = /** @type {HTMLElement} */ (one("[data-question]", section));
  question.textContent = found.question;
  question.hidden = !found.question;
  /** @type {HTMLElement} */ (one("[data-danger]", section)).hidden = !found.offered.some((each) => each.answer === HELP);
  /** @type {HTMLElement} */ (one("[data-household]", section)).hidden = !found.household;
  one(".offers", section).replaceChildren(
    ...found.offered.map((each) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "submit", name: "answer", value: each.answer, textContent: each.label });
      return button;
    }),
  );
  mark(section, found.answer);
  section.hidden = false;
  return true;
}

/** Mark the recorded answer. @param {HTMLElement} section @param {string|null} chosen */
function mark(section, chosen) {
  for (const each of all(".offers button", section)) {
    const pressed = each.value === chosen;
    each.className = `button big wide${each.value === HELP ? " danger" : pressed ? "" : " plain"}`;
    each.setAttribute("aria-pressed", String(pressed));
  }
}

async function submit(section, form, button, to) {
  const body = { answer: button.value, household: form.elements.household.checked };
  if (button.value === HELP && form.elements.where.checked) {
    const at = await locate().catch(() => null); // the request is sent without it
    if (at) Object.assign(body, { lon: at.lon, lat: at.lat, accuracy_m: at.accuracy });
  }
  const said = /** @type {HTMLElement} */ (one("[data-said]", section));
  const answered = await answer(to, body);
  said.hidden = false;
  said.className = `notice ${answered?.recorded ? "good" : "warn"}`;
  if (answered === undefined) said.textContent = section.dataset.kept;
  else if (answered === null) said.textContent = section.dataset.failed;
  else said.textContent = answered.recorded ? `${answered.said} ${section.dataset.again}` : answered.said;
  if (answered?.recorded) mark(section, button.value);
}
