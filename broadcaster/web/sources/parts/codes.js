// Confirms a phone number or a mail address: request a code, wait for it, send it back. Progress is stored, so that it
// survives a closed page or a lost network.

import { residentRequest, dialled, given, isOffline, once, word } from "./resident_page.js";
import { drop, fact, keep } from "./device.js";
import { all, one, submitted, trouble } from "./dom.js";

const AGAIN_S = 45;
const LOOK_MS = 4000;

/**
 * Connect the form that requests a code with the one that takes it.
 * @param {HTMLElement} within holds form.ask-code[data-kind] (one or more) and form.give-code
 * @param {{path: () => Promise<string>|string, extra?: () => any, asked?: (pending: any) => void,
 *   confirmed: (pending: any, token: string|null) => Promise<void>|void, name: string, passing?: boolean}} how
 *   passing: a request that holds another secret, and is not stored
 */
export function codes(within, how) {
  const give = /** @type {HTMLFormElement} */ (one("form.give-code", within));
  const input = /** @type {HTMLInputElement} */ (one("input", give));
  const wrong = one(".wrong", give);
  const again = /** @type {HTMLButtonElement} */ (one(".again", give));
  /** @type {any} */
  let pending = null;
  let timer = 0;
  let looking = 0;
  let refused = "";

  for (const form of all("form.ask-code", within)) {
    submitted(form, () => {
      const field = one("input:not([type=checkbox])", form);
      const contact = { [form.dataset.kind]: field.value.trim() };
      if (one("[name=call]", form)?.checked) contact.call = true;
      if (field.value.trim()) once(form, () => begin(contact, how.extra, one(".wrong", form), field));
      else field.focus();
    });
  }

  async function begin(contact, extra, place, field) {
    trouble(place, "");
    try {
      const path = await how.path();
      const asked = { ...contact, ...(extra?.() || {}) };
      const made = await residentRequest("POST", path, asked);
      pending = { ...made, asked, at: Date.now(), for: how.name };
      if (!how.passing) await keep("begun", pending);
      wait();
      how.asked?.(pending);
    } catch (error) {
      trouble(place, problemOf(error));
      field?.setAttribute("aria-invalid", "true");
      field?.focus();
    }
  }

  function problemOf(error) {
    if (isOffline(error)) return word("offline");
    if (error.status === 429) return word("too_many");
    if (error.field === "phone") return word(error.code === "phone-country" ? "bad_country" : "bad_phone");
    if (error.field === "email") return word("bad_mail");
    if (error.field === "name") return word("name_needed");
    return word("failed");
  }

  function wait() {
    one(".sent", within).textContent = word(`code_sent_${pending.channel}`, { to: dialled(pending.to) });
    input.value = "";
    trouble(wrong, "");
    window.clearInterval(timer);
    timer = window.setInterval(count, 1000);
    count();
    window.clearInterval(looking);
    // A message with a link may be confirmed elsewhere. For the others, check once whether the message could be sent.
    looking = window.setInterval(look, given.linked.includes(pending.channel) ? LOOK_MS : 3 * LOOK_MS);
  }

  function count() {
    const leftover = Math.ceil(AGAIN_S - (Date.now() - pending.at) / 1000);
    again.disabled = leftover > 0;
    again.textContent = leftover > 0 ? word("again_in", { n: leftover }) : word("again");
  }

  again.addEventListener("click", () => once(again, () => begin(pending.asked, null, wrong, null)));

  async function look() {
    if (!pending || document.hidden) return;
    try {
      await heard(await residentRequest("POST", "/v1/confirmations", { confirmation: pending.confirmation }, { token: null }));
    } catch {
      // the next check may succeed
    }
  }
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);

  async function heard(result) {
    if (!pending) return;
    if (result.state === "confirmed") {
      const done = pending;
      stop();
      await how.confirmed(done, result.token);
    } else if (result.state === "over") trouble(wrong, word("code_over"));
    else if (result.state === "unsent" && !input.value) trouble(wrong, word("code_unsent"));
  }

  function stop() {
    pending = null;
    window.clearInterval(timer);
    window.clearInterval(looking);
    if (!how.passing) drop("begun");
  }

  async function send() {
    const code = input.value.replace(/\D/g, "");
    if (code.length !== 6) {
      trouble(wrong, word("code_digits"));
      input.focus();
      return;
    }
    if (refused === pending?.confirmation + code) {
      input.select(); // already sent after its sixth digit: a press of the button costs no second attempt
      return;
    }
    try {
      trouble(wrong, "");
      await heard(await residentRequest("POST", "/v1/confirmations", { confirmation: pending.confirmation, code }, { token: null }));
    } catch (error) {
      if (isOffline(error)) trouble(wrong, word("offline"));
      else if (error.status === 422) {
        refused = pending?.confirmation + code;
        trouble(wrong, word("code_wrong", { n: error.params.tries ?? "" }));
      } else if (error.status === 404) trouble(wrong, word("code_over"));
      else trouble(wrong, error.status === 429 ? word("too_many") : word("failed"));
      input.select();
    }
  }

  submitted(give, () => once(give, send));
  // Six digits complete a code: submit it without a press.
  input.addEventListener("input", () => {
    if (/^\D*(\d\D*){6}$/.test(input.value)) once(give, send);
  });

  return {
    /** Resume the confirmation that was pending when the page was left; return false if there was none. */
    async resume() {
      const kept = await fact("begun");
      if (!kept || kept.for !== how.name || Date.parse(kept.expires_at) < Date.now()) return false;
      pending = kept;
      wait();
      await look();
      return true;
    },
    stop,
  };
}
