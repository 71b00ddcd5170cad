// News of what others do meanwhile, for as long as the login lasts.

import { tell } from "./notes.js";

/** What the server says when the login has ended. */
const LOGIN_ENDED = 4001;

/** How long the page waits before it listens again, in milliseconds: twice as long after each time in vain. */
const PAUSE = 1000;
const LONGEST_PAUSE = 60000;

/** Listens, and listens again when the connection is lost. */
export function listen(path) {
  connect(path, PAUSE, false);
}

function connect(path, pause, isAgain) {
  const socket = new WebSocket(path);
  let isOpen = false;
  socket.addEventListener("open", () => {
    isOpen = true;
    if (isAgain) {
      // Nobody has told what happened meanwhile.
      refresh();
    }
  });
  socket.addEventListener("message", (event) => {
    const { card, text } = JSON.parse(event.data);
    refresh();
    if (text) {
      tell(`${text}.`, { to: `/cards/${card}`, text: "Show it" });
    }
  });
  socket.addEventListener("close", async (event) => {
    if (isOpen && event.code !== LOGIN_ENDED) {
      setTimeout(() => connect(path, PAUSE, true), PAUSE);
      return;
    }
    // Sockets do not say why they do not open. After a change of the password in another tab, the login goes on as another session, once
    // the answer has come that brings its cookie: so it is asked for twice.
    let login = await ask(path);
    if (login === "ended") {
      await new Promise((done) => setTimeout(done, PAUSE));
      login = await ask(path);
    }
    if (login === "ended") {
      tell("Your login has ended.", { to: "/login", text: "Log in" });
    } else if (isOpen && login === "lasts") {
      setTimeout(() => connect(path, PAUSE, true), PAUSE);
    } else {
      setTimeout(() => connect(path, Math.min(2 * pause, LONGEST_PAUSE), true), pause);
    }
  });
}

/** Whether the login lasts, has ended, or cannot be asked for: what opens the socket refuses whoever is not logged in before all else. */
async function ask(path) {
  try {
    const { status } = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store", redirect: "manual" });
    return status === 401 ? "ended" : "lasts";
  } catch {
    return "unknown";
  }
}

// The requests of HTMX that are under way. What they put into the page comes first: what is fetched meanwhile could be older, or be put
// where something else stands by then.
const requests = new Set();
let isBehind = false;

/** Has the page fetch what it shows: see `hx-trigger` in the pages. */
function refresh() {
  isBehind = requests.size > 0;
  if (!isBehind) {
    htmx.trigger(document.body, "live");
  }
}

document.body.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
  requests.add(xhr);
  // After all that HTMX does with the answer.
  xhr.addEventListener("loadend", () => {
    requests.delete(xhr);
    if (isBehind) {
      refresh();
    }
  });
});
