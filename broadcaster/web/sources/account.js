// An operator's own page: pushes to this browser.

import { given, once, word } from "./parts/resident_page.js";
import { operatorRequest } from "./parts/operator_request.js";
import { one } from "./parts/dom.js";
import { PUSHED } from "./parts/operator_push.js";
import { standing, subscription } from "./parts/pushing.js";

const PUSHES = "/console/account/pushes";
const button = one("#push-here");
const said = one("#push-said");
const state = standing();

button.hidden = !["can", "on"].includes(state);
if (button.hidden) said.textContent = word(state);

button.addEventListener("click", () =>
  once(button, async () => {
    said.textContent = word("asking");
    try {
      const made = await subscription(given.key);
      const { reached } = await operatorRequest("POST", PUSHES, { subscription: made });
      localStorage.setItem(PUSHED, made.endpoint ?? "");
      location.assign(`/console/account?done=${reached ? "pushed" : "unreached"}`);
    } catch (error) {
      said.textContent = word(error.message);
    }
  }),
);
