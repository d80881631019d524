// A poll: people who may vote see its answers as buttons, and vote once.

import { residentRequest, once } from "./parts/resident_page.js";
import { fact } from "./parts/device.js";
import { one, submitted } from "./parts/dom.js";

const form = /** @type {HTMLFormElement} */ (one("#poll"));
const said = one("#said");

async function look() {
  const { to = "", thanks, notYours, identity } = form.dataset;
  if (!(await fact("token"))) return;
  const mine = await residentRequest("GET", to);
  form.hidden = !mine.may_vote;
  said.textContent = mine.voted ? thanks : mine.may_vote ? "" : mine.identity_missing ? identity : notYours;
}

if (form) {
  look().catch(() => undefined);
  submitted(form, (event) => {
    const button = /** @type {HTMLButtonElement} */ (event.submitter);
    once(form, async () => {
      try {
        await residentRequest("PUT", form.dataset.to ?? "", { answer: Number(button.value) });
        await look();
      } catch {
        said.textContent = form.dataset.failed;
        await look().catch(() => undefined);
      }
    });
  });
}
