// What the pages do besides their forms: they tell what others do meanwhile, and what HTMX was refused. Without scripts all of them work.

const news = document.getElementById("news");

/** Says something, also to screen readers. */
function say(text, link) {
  const note = document.createElement("p");
  note.className = "note";
  note.append(text);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.to;
    anchor.textContent = link.text;
    note.append(anchor);
  }
  const close = document.createElement("button");
  close.className = "plain";
  close.textContent = "Close";
  close.addEventListener("click", () => note.remove());
  note.append(close);
  news.replaceChildren(note);
}

// A form that was sent by HTMX, and refused: the server's answer has a sentence for programs.
document.body.addEventListener("htmx:responseError", (event) => {
  let sentence = "That did not work. Load the page again.";
  try {
    sentence = JSON.parse(event.detail.xhr.responseText).title || sentence;
  } catch {
    // It was no problem document.
  }
  say(sentence);
});

document.body.addEventListener("htmx:sendError", () => {
  say("The board does not answer. Try again in a moment.");
});

const LOGIN_ENDED = 4001;

/** Listens for news for as long as the login lasts. */
function listen(path, pause = 1000, hadEnded = false) {
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
      say(`${text}.`, { to: `/cards/${card}`, text: "Show it" });
    }
  });
  socket.addEventListener("close", (event) => {
    if (isOpen && event.code === LOGIN_ENDED) {
      // Perhaps the same login goes on as another session, after a change of the password in another tab.
      listen(path, 1000, true);
    } else if (!isOpen && hadEnded) {
      say("Your login has ended.", { to: "/login", text: "Log in" });
    } else {
      const next = isOpen ? 1000 : Math.min(2 * pause, 60000);
      setTimeout(() => listen(path, next), next);
    }
  });
}

const path = document.body.dataset.live;
if (path) {
  listen(path);
}
