// An update of an alert: the previous area beside the new one, how it changes for whom, and whether it is silent.

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

  /** Show how many people are newly inside, still inside, and now outside. @param {any} found */
  say({ delta }) {
    one("#delta").hidden = !delta;
    for (const each of all("[data-delta]")) one("strong", each).textContent = delta ? number(delta[each.dataset.delta]) : "–";
  }

  body() {
    return { silent: Boolean(this.app.draft.silent) };
  }

  /** Return a link to the current version, after somebody else changed the alert. @param {any} error */
  newer(error) {
    const id = error.errors?.[0]?.params?.alert;
    const before = this.given.editing.updates;
    return id ? [make("li", {}, make("a", { href: `/console/alerts/${id}?changed=${before}` }, this.given.words.see_changed))] : [];
  }
}
