// What the pages do besides their forms: they tell what others do meanwhile, and what HTMX was refused. Without scripts all of them work.

import "./focus.js";
import { listen } from "./live.js";
import { warn } from "./notes.js";

// A form that was sent by HTMX, and refused: the server's answer has a sentence for programs.
document.body.addEventListener("htmx:responseError", (event) => {
  let sentence = "That did not work. Load the page again.";
  try {
    sentence = JSON.parse(event.detail.xhr.responseText).title || sentence;
  } catch {
    // It was no problem document.
  }
  warn(sentence);
});

document.body.addEventListener("htmx:sendError", () => {
  warn("The board does not answer. Try again in a moment.");
});

const path = document.body.dataset.live;
if (path) {
  listen(path);
}
