// A held button, so that a slip of the thumb does nothing irreversible.
// <button type="submit" data-held="1200">: held for so many milliseconds, it submits; released earlier, nothing
// happens.
// By keyboard: hold Enter or Space as long. If holding is not possible (switch access, screen readers, which send a
// click without a press), a second click within five seconds counts.

import { all, make, say } from "./dom.js";

const AGAIN_MS = 5000;
const SHOWN_MS = 6000;

/** Make each button with data-held work by holding. @param {ParentNode} [within] */
export function holdable(within = document) {
  all("button[data-held]", within).forEach(hold);
}

/**
 * Announce, and show above the button for a while, that it must be held longer.
 * @param {any} button @param {string} [sentence]
 */
function tell(button, sentence = "") {
  if (!sentence) return;
  say(sentence);
  document.querySelector(".held-said")?.remove();
  const shown = make("p", { class: "held-said", "aria-hidden": "true" }, sentence);
  button.before(shown);
  window.setTimeout(() => shown.remove(), SHOWN_MS);
}

function hold(button) {
  const needed = Number(button.dataset.held);
  let timer = 0;
  let asked = 0;
  let passed = false;
  let pressed = false;
  let keyed = false;

  const start = (event) => {
    if (button.disabled || timer || (event.type === "keydown" && !["Enter", " "].includes(event.key))) return;
    if (event.type === "keydown") event.preventDefault();
    if (event.button) return;
    pressed = true;
    keyed = event.type === "keydown";
    button.classList.add("holding");
    button.style.setProperty("--held", `${needed}ms`);
    timer = window.setTimeout(done, needed);
  };
  const stop = (event) => {
    if (keyed && event.type.startsWith("pointer")) return; // the mouse did not move, the page did
    if (timer) tell(button, button.dataset.heldHint);
    window.clearTimeout(timer);
    timer = 0;
    button.classList.remove("holding");
  };
  const done = () => {
    timer = 0;
    passed = true;
    button.classList.remove("holding");
    navigator.vibrate?.(30);
    if (button.form) button.form.requestSubmit(button);
    else button.dispatchEvent(new CustomEvent("held", { bubbles: true }));
    passed = false;
  };

  button.addEventListener("pointerdown", start);
  button.addEventListener("keydown", start);
  for (const each of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) button.addEventListener(each, stop);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => {
    if (passed) return;
    event.preventDefault();
    if (pressed) {
      pressed = false; // the click that ends a short press is a slip
      return;
    }
    const now = performance.now();
    if (asked && now - asked < AGAIN_MS) {
      asked = 0;
      done();
    } else {
      asked = now;
      tell(button, button.dataset.heldAgain);
    }
  });
}
