// Enhancements only: without this file every form posts, and every page is loaded anew.

import { copyButtons } from "./copy.js";
import { dropZone } from "./drop.js";
import { formsInPlace } from "./forms.js";

formsInPlace();
copyButtons();
dropZone();
