// News of what others do meanwhile, for as long as the login lasts.

import { tell } from "./notes.js";

/** What the server says when the login has ended. */
const LOGIN_ENDED = 4001;

/** Listens for news for as long as the login lasts. */
export function listen(path, pause = 1000, hadEnded = false) {
  const socket = new WebSocket(path);
  let isOpen = false;
  socket.addEventListener("open", () => {
    isOpen = true;
  });
  socket.addEventListener("message", (event) => {
    const { card, text } = JSON.parse(event.data);
    // What the page shows of it is fetched anew: see `hx-trigger` in the pages.
    htmx.trigger(document.body, "live");
    if (text) {
      tell(`${text}.`, { to: `/cards/${card}`, text: "Show it" });
    }
  });
  socket.addEventListener("close", (event) => {
    if (isOpen && event.code === LOGIN_ENDED) {
      // Perhaps the same login goes on as another session, after a change of the password in another tab.
      listen(path, 1000, true);
    } else if (!isOpen && hadEnded) {
      tell("Your login has ended.", { to: "/login", text: "Log in" });
    } else {
      const next = isOpen ? 1000 : Math.min(2 * pause, 60000);
      setTimeout(() => listen(path, next), next);
    }
  });
}
