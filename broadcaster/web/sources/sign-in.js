// Passkeys and passwords: sign-in, the first one by a one-time link, and others on the account page.

import { browserSupportsWebAuthnAutofill, startRegistration } from "@simplewebauthn/browser";

import { operatorRequest } from "./parts/operator_request.js";
import { all, fill, left, make, one, submitted, trouble } from "./parts/dom.js";
import { passkeysWork, showPasskey } from "./parts/passkey.js";
import { Problem } from "./parts/request.js";

const words = left("words");
const wrong = one("#wrong");

/** @param {string} text */
function say(text) {
  trouble(wrong, text);
}

/** Show an error in the reader's language. @param {any} error */
function showProblem(error) {
  if (error instanceof Problem) return say(error.message);
  if (error instanceof TypeError) return say(words.offline);
  if (error?.name === "InvalidStateError" && words.known) return say(words.known);
  say(["NotAllowedError", "AbortError"].includes(error?.name) ? words.stopped : words.failed);
}

/** Return whether passkeys work here; if not, say so and show the password form. */
function able() {
  if (passkeysWork()) return true;
  for (const each of all("[data-passkey], #with-passkey")) each.hidden = true;
  if (/^127\.|^\[::1\]$/.test(location.hostname)) {
    const there = new URL(location.href);
    there.hostname = "localhost";
    wrong.replaceChildren(make("a", { href: there.href }, fill(words.address, { url: there.origin })));
    wrong.hidden = false;
  } else say(words.unable);
  const instead = one("#with-password, #welcome + #set-password");
  if (instead) instead.open = true;
  return false;
}

/**
 * Mark a button busy until its work is done, so that impatient taps act once.
 * @param {any} button @param {() => Promise<void>} work
 */
async function busy(button, work) {
  button.disabled = true;
  say("");
  try {
    await work();
  } catch (error) {
    showProblem(error);
  } finally {
    button.disabled = false;
  }
}

/** Return the value of a field. @param {string} id */
const typed = (id) => one(`#${id}`).value;

function signIn() {
  const button = one("#passkey");
  if (!button) return;
  const then = () => (one("#held") ? one("#held").submit() : location.assign(button.dataset.then));
  const trusted = () => Boolean(one("#trusted")?.checked);
  const form = one("#by-password");
  submitted(form, () => {
    busy(one("button", form), async () => {
      const given = { login: one("#login")?.value || "", password: typed("password"), code: typed("code"), trusted: trusted() };
      await operatorRequest("POST", "/console/sign-in/password", given);
      then();
    });
  });
  goneToProvider(trusted);
  if (!able()) return;
  button.addEventListener("click", () =>
    busy(button, async () => {
      await showPasskey(trusted);
      then();
    }),
  );
  offerPasskeys(trusted, then);
}

/** A click on a passkey in the list of the field's suggestions signs in. @param {() => boolean} trusted @param {() => void} then */
async function offerPasskeys(trusted, then) {
  if (!one("#login") || !(await browserSupportsWebAuthnAutofill())) return;
  try {
    await showPasskey(trusted, true);
    then();
  } catch (/** @type {any} */ error) {
    if (error?.name === "AbortError") return; // the button was pressed
    if (error instanceof Problem) showProblem(error); // for example because the page was open for too long
    if (error instanceof Problem) offerPasskeys(trusted, then);
  }
}

const HELD = "tocsin-held";

/** Keep the interrupted form in this tab while the browser is at the provider. @param {() => boolean} trusted */
function goneToProvider(trusted) {
  const way = one("#openid");
  way?.addEventListener("click", () => {
    const there = new URL(way.href);
    if (trusted()) there.searchParams.set("trusted", "1");
    const held = one("#held");
    if (held) {
      sessionStorage.setItem(HELD, JSON.stringify([...new FormData(held)]));
      there.searchParams.set("then", "/console/sign-in/go-on");
    }
    way.href = there.href;
  });
}

/** After the return from the provider, restore the interrupted form. */
function backFromProvider() {
  if (!location.pathname.endsWith("/go-on")) return;
  const fields = JSON.parse(sessionStorage.getItem(HELD) || "null");
  sessionStorage.removeItem(HELD);
  if (!fields) return location.replace("/console");
  const form = /** @type {HTMLFormElement} */ (make("form", { method: "post", action: "/console/sign-in/go-on", hidden: "" }));
  for (const [name, value] of fields) form.append(make("input", { type: "hidden", name, value }));
  document.body.append(form);
  form.submit();
}

/** Show new recovery codes, once, in place of the form. @param {{codes: string[], login: string}} made */
function showCodes({ codes, login }) {
  one("#own-login").textContent = login;
  for (const each of all("#welcome, #set-password")) each.hidden = true;
  one("#codes-list").replaceChildren(...codes.map((each) => make("li", {}, each)));
  one("#codes").hidden = false;
  one("#codes").focus();
}

/**
 * Set up a new password: fetch the app's secret when the form opens, and send it back with the password.
 * @param {() => Promise<any>} askForApp @param {(given: any) => Promise<any>} keep
 */
function setPassword(askForApp, keep) {
  const around = one("#set-password");
  /** @type {any} */
  let app;
  const open = async () => {
    if (!around.open || app) return;
    try {
      app = await askForApp();
    } catch (error) {
      return showProblem(error);
    }
    one("#qr").src = app.qr;
    one("#qr").hidden = false;
    one("#app-secret").textContent = app.secret.match(/.{4}/g).join(" ");
  };
  around.addEventListener("toggle", open);
  open();
  const form = one("#new-password");
  submitted(form, () => {
    busy(one("button", form), async () => {
      const given = { password: typed("new-password-text"), code: typed("app-code"), ticket: app?.ticket || "" };
      showCodes(await keep(given));
    });
  });
}

async function welcome() {
  const form = one("#welcome");
  if (!form) return;
  const looking = one("#looking");
  const secret = location.hash.slice(1);
  try {
    const { name } = await operatorRequest("POST", "/console/welcome", { secret });
    one("#name").value = name;
    form.hidden = false;
    one("#set-password").hidden = false;
    (able() ? one("#make") : one("#name")).focus();
    setPassword(
      () => operatorRequest("POST", "/console/welcome/app", { secret }),
      (given) => operatorRequest("POST", "/console/welcome/password", { ...given, secret, name: typed("name").trim() || name }),
    );
  } catch (error) {
    showProblem(error);
  }
  looking.hidden = true;
  submitted(form, () => {
    if (!passkeysWork()) return one("#app-code").focus();
    busy(one("#make"), async () => {
      const { options, name } = await operatorRequest("POST", "/console/welcome", { secret });
      const credential = await startRegistration({ optionsJSON: options });
      await operatorRequest("POST", "/console/welcome/passkey", { secret, credential, name: typed("name").trim() || name });
      location.replace("/console");
    });
  });
}

function account() {
  const button = one("#add-passkey");
  if (!button) return;
  setPassword(
    () => operatorRequest("GET", "/console/account/app"),
    (given) => operatorRequest("POST", "/console/account/password", given),
  );
  const codes = one("#new-codes");
  codes?.addEventListener("click", () =>
    busy(codes, async () => showCodes(await operatorRequest("POST", "/console/account/codes", {}))),
  );
  if (!able()) return;
  button.addEventListener("click", () =>
    busy(button, async () => {
      const { options } = await operatorRequest("GET", "/console/account/passkeys");
      const credential = await startRegistration({ optionsJSON: options });
      await operatorRequest("POST", "/console/account/passkeys", { credential });
      location.assign("/console/account?done=added");
    }),
  );
}

backFromProvider();
signIn();
welcome();
account();
