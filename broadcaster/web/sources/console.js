// Behaviour of every console page: menus that close, forms that submit once, held buttons.

import { all } from "./parts/dom.js";
import { holdable } from "./parts/press.js";

document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// Submit a form once: a second, impatient tap does nothing. After the back button, the form can be submitted again;
// so can one that opens its answer in another tab, and leaves this page as it is.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post" || form.target || event.defaultPrevented) return;
  if (form.dataset.gone) {
    event.preventDefault();
    return;
  }
  form.dataset.gone = "1";
  form.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of all("form[data-gone]")) {
    delete form.dataset.gone;
    form.removeAttribute("aria-busy");
  }
});

// Signing out deletes the drafts on this device.
document.querySelector('form[action="/console/sign-out"]')?.addEventListener("submit", () => {
  document.dispatchEvent(new Event("signing-out"));
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith("tocsin.draft.")) localStorage.removeItem(name);
  } catch {
    // without storage, there is nothing to delete
  }
});

// Show a station at once if it is picked by finger or mouse. By keyboard each arrow would load a page, so the button
// stays.
for (const form of all("form.pick")) {
  const button = form.querySelector("button");
  const select = form.querySelector("select");
  let pointed = false;
  button.hidden = true;
  select.addEventListener("pointerdown", () => (pointed = true));
  select.addEventListener("keydown", () => (pointed = false));
  select.addEventListener("change", () => (pointed ? form.requestSubmit() : (button.hidden = false)));
}

holdable();

try {
  if (localStorage.getItem("tocsin.pushed")) import("./parts/operator_push.js").then(({ mend }) => mend()).catch(() => {});
} catch {
  // a browser that keeps nothing gets no pushes
}
