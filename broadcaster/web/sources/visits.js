// The visit list is read anew when a visit was recorded.

import { left } from "./parts/dom.js";
import { renew } from "./parts/renew.js";

renew(left("given"));
