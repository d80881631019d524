// Tests of a contact: a message is sent there, and its owner or their device reports whether it came.

import { residentRequest, once, word } from "./resident_page.js";
import { moment } from "./cards.js";
import { button, make } from "./dom.js";

const EVERY_MS = 2000;
const LOOKS = 30;
const pause = () => new Promise((done) => setTimeout(done, EVERY_MS));

/**
 * The button that tests a contact, and the result of its last test.
 * @param {{channel: string, to: string, title: string, last: any, failed: (error: any) => void}} of
 */
export function trial({ channel, to, title, last, failed }) {
  const said = make("span", { role: "status", class: "small" });
  const answers = make("span", { class: "row", hidden: true }, answer("trial_came", true), answer("trial_not", false));
  const test = button(word("trial"), title, () =>
    once(test, async () => {
      try {
        show(await residentRequest("POST", "/v1/subscribers/me/trials", { channel, to }));
        follow().catch(() => undefined); // its result is shown the next time
      } catch (error) {
        failed(error);
      }
    }),
  );
  const block = make("div", { class: "trial row" }, test, said, answers);

  function show(now) {
    last = now;
    const gaps = { time: moment(now.at) };
    said.textContent = now.state === "missed" ? word(`trial_missed_${channel}`) : word(`trial_${now.state}`, gaps);
    answers.hidden = now.state !== "sent";
  }

  function answer(name, came) {
    const choice = make("button", { type: "button", class: "button plain" }, word(name));
    choice.addEventListener("click", () =>
      once(choice, async () => {
        try {
          await residentRequest("PUT", `/v1/subscribers/me/trials/${last.id}`, { came });
          show({ ...last, state: came ? "proven" : "missed" });
          test.focus();
        } catch (error) {
          failed(error);
        }
      }),
    );
    return choice;
  }

  async function follow() {
    for (let look = 0; look < LOOKS && block.isConnected && ["sending", "sent"].includes(last.state); look++) {
      await pause();
      const { trials } = await residentRequest("GET", "/v1/subscribers/me/trials");
      const now = trials.find((each) => each.id === last.id);
      if (now && now.state !== last.state) show(now);
    }
  }

  if (last) show(last);
  return block;
}
