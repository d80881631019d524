// The report's page: shows the print button, which needs a script.

import { one } from "./parts/dom.js";

const button = one("#print");
button.hidden = false;
button.addEventListener("click", () => window.print());
