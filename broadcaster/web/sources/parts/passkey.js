// Authentication by this device's passkey, or by a password and a code.

import { startAuthentication } from "@simplewebauthn/browser";

import { sessionRequest } from "./session_request.js";
import { one } from "./dom.js";

/** Whether passkeys work here: they need a current browser, https or this machine itself, and a host name. */
export const passkeysWork = () =>
  window.isSecureContext && "PublicKeyCredential" in window && !/^[\d.]+$|^\[/.test(location.hostname);

/**
 * Sign in, or prove that it is still the same person. Throws Problem, or the browser's errors. @param {() => boolean}
 * [trusted] @param {boolean} [offered] in the suggestions of a field, for as long as the page is there
 */
export async function showPasskey(trusted = () => false, offered = false) {
  const { options } = await sessionRequest("GET", "/console/sign-in/passkey");
  const credential = await startAuthentication({ optionsJSON: options, useBrowserAutofill: offered });
  await sessionRequest("POST", "/console/sign-in/passkey", { credential, trusted: trusted() });
}

/** Prove that it is still the same person; people with a password choose the way. Throws when cancelled. */
export function prove() {
  const asked = one("#prove");
  if (!asked) return showPasskey();
  document.body.append(asked.content.cloneNode(true));
  const dialog = one("body > dialog:last-of-type");
  const wrong = one(".wrong", dialog);
  const byPasskey = one("[data-passkey]", dialog);
  byPasskey.hidden = !passkeysWork();
  return new Promise((done, failed) => {
    /** @param {() => Promise<any>} way */
    const attempt = async (way) => {
      wrong.hidden = true;
      try {
        await way();
        dialog.close("proven");
        done(undefined);
      } catch (/** @type {any} */ error) {
        wrong.textContent = error.message;
        wrong.hidden = false;
      }
    };
    byPasskey.addEventListener("click", () => attempt(() => showPasskey()));
    one("form", dialog).addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      const way = /** @type {HTMLButtonElement} */ (event.submitter)?.value;
      if (!way) return;
      event.preventDefault();
      if (way === "openid") return attempt(async () => {}); // in another window; the service knows whether it was done
      const [password, code] = ["password", "code"].map((name) => one(`#prove-${name}`, dialog).value);
      attempt(() => sessionRequest("POST", "/console/sign-in/password", { password, code }));
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      failed(new Error("stopped"));
    });
    dialog.showModal();
  });
}
