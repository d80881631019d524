// The passkey of this device: signing in with it, and showing it again.

import { startAuthentication } from "@simplewebauthn/browser";

import { call } from "./call.js";

/** Sign in, or prove that it is still the same person. Throws Problem, or what the browser throws. @param {boolean} [trusted] */
export async function showPasskey(trusted = false) {
  const { options } = await call("GET", "/console/sign-in/passkey");
  const credential = await startAuthentication({ optionsJSON: options });
  await call("POST", "/console/sign-in/passkey", { credential, trusted });
}
