// Passkeys: signing in, the first one by a one-time link, a further one on the account's page.

import { browserSupportsWebAuthn, startRegistration } from "@simplewebauthn/browser";

import { call } from "./parts/call.js";
import { fill, left, one } from "./parts/dom.js";
import { showPasskey } from "./parts/passkey.js";
import { Problem } from "./parts/request.js";

const words = left("words");
const wrong = one("#wrong");

/** @param {string} text */
function say(text) {
  wrong.textContent = text;
  wrong.hidden = !text;
}

/** Say what went wrong, in the reader's words. @param {any} error */
function showProblem(error) {
  if (error instanceof Problem) return say(error.message);
  if (error instanceof TypeError) return say(words.offline);
  if (error?.name === "InvalidStateError" && words.known) return say(words.known);
  say(["NotAllowedError", "AbortError"].includes(error?.name) ? words.stopped : words.failed);
}

/** Whether passkeys work here; if not, say why. A passkey belongs to a domain, so an address of numbers has none. */
function able() {
  if (/^[\d.]+$|^\[/.test(location.hostname)) {
    const there = new URL(location.href);
    there.hostname = "localhost";
    wrong.replaceChildren();
    const link = document.createElement("a");
    link.href = there.href;
    link.textContent = fill(words.address, { url: there.origin });
    wrong.append(link);
    wrong.hidden = false;
    return false;
  }
  if (!browserSupportsWebAuthn()) say(words.unable);
  return browserSupportsWebAuthn();
}

/** Busy until done, so that an impatient thumb asks once. @param {any} button @param {() => Promise<void>} work */
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

function signIn() {
  const button = one("#passkey");
  if (!button || !able()) return;
  button.addEventListener("click", () =>
    busy(button, async () => {
      await showPasskey(Boolean(one("#trusted")?.checked));
      const form = one("#held");
      if (form) form.submit();
      else location.assign(button.dataset.then);
    }),
  );
}

async function welcome() {
  const form = one("#welcome");
  if (!form) return;
  const looking = one("#looking");
  if (!able()) {
    looking.hidden = true;
    return;
  }
  const secret = location.hash.slice(1);
  try {
    const { name } = await call("POST", "/console/welcome", { secret });
    one("#name").value = name;
    form.hidden = false;
    one("#make").focus();
  } catch (error) {
    showProblem(error);
  }
  looking.hidden = true;
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    busy(one("#make"), async () => {
      const { options, name } = await call("POST", "/console/welcome", { secret });
      const credential = await startRegistration({ optionsJSON: options });
      await call("POST", "/console/welcome/passkey", { secret, credential, name: one("#name").value.trim() || name });
      location.replace("/console");
    });
  });
}

function account() {
  const button = one("#add-passkey");
  if (!button || !able()) return;
  button.addEventListener("click", () =>
    busy(button, async () => {
      const { options } = await call("GET", "/console/account/passkeys");
      const credential = await startRegistration({ optionsJSON: options });
      await call("POST", "/console/account/passkeys", { credential });
      location.assign("/console/account?done=added");
    }),
  );
}

signIn();
welcome();
account();
