// //s/{station}/listed: people of a list ask for a code, and see, save, have corrected or erase what the list says of them. The page
// keeps the secret to itself, so that a device that others use, too, forgets it.

import { residentRequest, dialled, given, isOffline, once, word } from "./parts/resident_page.js";
import { codes } from "./parts/codes.js";
import { all, language, make, one, submitted, trouble } from "./parts/dom.js";
import { requestText } from "./parts/request.js";
import { save, saveJson } from "./parts/saving.js";

const root = one("#listed");
const wrong = one("#trouble");
const name = /** @type {HTMLInputElement} */ (one("#name", root));
const dialog = /** @type {HTMLDialogElement} */ (one("#erasing"));
let secret = "";

/** @param {string} wanted */
function step(wanted) {
  for (const each of all("[data-step]", root)) each.hidden = each.dataset.step !== wanted;
}

/** @param {string} path */
const ask = (path) => residentRequest("POST", path, { confirmation: secret }, { token: null });

const asking = codes(one("#proving"), {
  name: `listed in ${given.station}`,
  path: () => `/v1/stations/${given.station}/listed`,
  extra: () => ({ name: name.value.trim(), locale: language }),
  asked: () => step("code"),
  confirmed: async (pending) => {
    secret = pending.confirmation;
    const found = await ask("/v1/listed/data").catch((error) => (error.status === 404 ? null : error));
    step(found ? "shown" : "none");
    if (found instanceof Error) failed(found);
    else if (found) show(found);
  },
});

function show({ subscriber, records }) {
  const homes = records.filter((each) => each.kind === "address").map((each) => each.facts.address);
  const contacts = subscriber.contacts.map((each) => (each.phone && dialled(each.phone)) || each.email);
  const said = [subscriber.name, ...subscriber.guardians, ...homes, ...contacts].filter(Boolean);
  one("#said", root).replaceChildren(...said.map((each) => make("li", {}, each)));
}

function failed(error) {
  const said = error.status === 409 ? "counter" : error.status === 404 ? "code_over" : "failed";
  trouble(wrong, word(isOffline(error) ? "offline" : said));
}

/** @param {string} selector @param {() => Promise<void>} work */
function press(selector, work) {
  const button = /** @type {HTMLButtonElement} */ (one(selector));
  button.addEventListener("click", () =>
    once(button, async () => {
      trouble(wrong, "");
      await work().catch(failed);
    }),
  );
}

press("#take", async () => saveJson("tocsin.json", await ask("/v1/listed/data")));
press("#read", async () => {
  save("tocsin.html", "text/html", await requestText("POST", "/listed/data", { confirmation: secret }, { credentials: "omit" }));
});
one("#erase", root).addEventListener("click", () => dialog.showModal());
press("[data-sure]", async () => {
  dialog.close();
  const proof = await ask("/v1/listed/erasure");
  one("#number", root).textContent = proof.number;
  step("erased");
  one('[data-step="erased"] h2', root).focus();
});

const correct = /** @type {HTMLFormElement} */ (one("#correct"));
submitted(correct, () =>
  once(correct, async () => {
    const refused = one(".wrong", correct);
    const wanted = Object.fromEntries([...new FormData(correct)].map(([each, value]) => [each, String(value).trim()]).filter(([, value]) => value));
    if (!wanted.text) return trouble(refused, word("correction_needed"));
    trouble(refused, "");
    try {
      const made = await residentRequest("POST", "/v1/listed/corrections", { confirmation: secret, ...wanted }, { token: null });
      const day = new Date(made.answered_by).toLocaleDateString(language, { dateStyle: "long" });
      one("#answered-by", root).textContent = word("correction_sent", { day });
      one("#asked", root).hidden = false;
      one("#correction", root).hidden = true;
    } catch (error) {
      trouble(refused, word(isOffline(error) ? "offline" : error.status === 404 ? "code_over" : "failed"));
    }
  }),
);

const added = one("#new-contact");
/** @param {string} wanted */
const part = (wanted) => {
  for (const each of all("[data-new]", added)) each.hidden = each.dataset.new !== wanted;
};
codes(added, {
  name: `new contact in ${given.station}`,
  passing: true,
  path: () => "/v1/listed/contacts",
  extra: () => ({ confirmation: secret, locale: language }),
  asked: () => part("code"),
  confirmed: () => part("done"),
});

asking.resume().then((pending) => pending && secret === "" && !one('[data-step="ask"]', root).hidden && step("code"));
