// Proof of identity for polls, through FranceConnect, which is another page.

import { residentRequest } from "./resident_page.js";
import { one } from "./dom.js";

/**
 * Wire the section of "My alerts". Return a function that shows the level of proof.
 * @param {(button: any, work: () => Promise<any>) => any} doing
 */
export function identity(doing) {
  const said = one("#identity-level");
  const begin = one("#franceconnect");
  const forget = one("#forget-identity");
  begin?.addEventListener("click", () => doing(begin, async () => location.assign((await residentRequest("POST", "/v1/subscribers/me/identity")).url)));
  forget.addEventListener("click", () => doing(forget, () => residentRequest("DELETE", "/v1/subscribers/me/identity")));
  return (/** @type {string} */ level) => {
    const shown = ["franceconnect", "counter"].includes(level);
    said.textContent = said.dataset[level];
    forget.hidden = !shown;
    if (begin) begin.hidden = level === "franceconnect";
  };
}
