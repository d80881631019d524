// The report's page: a button that prints, where there is a script to do it.

import { one } from "./parts/dom.js";

const button = one("#print");
button.hidden = false;
button.addEventListener("click", () => window.print());
