// Enhancements only: without this file every form posts, and every page is loaded anew.

import { copyButtons } from "./copy.js";
import { dropZone } from "./drop.js";
import { formsInPlace } from "./forms.js";

// On a narrow screen the time line opens at its newest end.
function newestInView() {
  const line = document.querySelector("svg.timeline")?.parentElement;
  if (line) line.scrollLeft = line.scrollWidth;
}

formsInPlace();
copyButtons();
dropZone();
newestInView();
document.addEventListener("replaced", newestInView);
