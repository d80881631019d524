// An update of an alert: the area before beside the new one, what changes for whom, and whether it is silent.

import { all, make, number, one } from "./dom.js";

export class Updating {
  /** @param {any} given @param {any} app */
  constructor(given, app) {
    this.given = given;
    this.app = app;
    one("#silent").addEventListener("change", (event) => {
      this.app.draft.silent = event.target.checked;
      this.app.changed();
    });
  }

  enter() {
    one("#silent").checked = Boolean(this.app.draft.silent);
  }

  /** Say what the reach found: how many are newly inside, still inside, now outside. @param {any} found */
  say({ delta }) {
    one("#delta").hidden = !delta;
    for (const each of all("[data-delta]")) one("strong", each).textContent = delta ? number(delta[each.dataset.delta]) : "–";
  }

  body() {
    return { silent: Boolean(this.app.draft.silent) };
  }

  /** Return the way to the version that holds, after somebody else changed the alert. @param {any} error */
  newer(error) {
    const id = error.errors?.[0]?.params?.alert;
    const before = this.given.editing.updates;
    return id ? [make("li", {}, make("a", { href: `/console/alerts/${id}?changed=${before}` }, this.given.words.see_changed))] : [];
  }
}
