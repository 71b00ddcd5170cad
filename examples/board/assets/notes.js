// What the page says by itself, in notes at its lower edge.

const news = document.getElementById("news");

/** What had the focus before a note took it. */
let cameFrom = null;

news.addEventListener("focusin", ({ relatedTarget }) => {
  if (!news.contains(relatedTarget)) {
    cameFrom = relatedTarget;
  }
});

/** Says what has happened: screen readers say it when they are done with what they are saying. */
export function tell(text, link) {
  show("status", [text], link);
}

/** Says what went wrong: screen readers say it at once. */
export function warn(text) {
  const word = document.createElement("b");
  word.textContent = "Error:";
  show("alert", [word, ` ${text}`]);
}

function show(role, content, link) {
  const note = document.createElement("p");
  note.className = role === "alert" ? "note error" : "note";
  const said = document.createElement("span");
  said.append(...content);
  note.append(said);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.to;
    anchor.textContent = link.text;
    note.append(anchor);
  }
  const button = document.createElement("button");
  button.className = "plain";
  button.textContent = "Close";
  button.addEventListener("click", () => close(note));
  note.append(button);
  for (const old of news.querySelectorAll(".note")) {
    // Nothing is taken away under somebody's hands.
    if (!old.contains(document.activeElement)) {
      old.remove();
    }
  }
  // Only here, so that the roles are there before what they say.
  news.querySelector(`[role=${role}]`).append(note);
}

/** Takes a note away. The focus goes to one that remains, or back to where it came from, or to the page's content. */
function close(note) {
  if (note.contains(document.activeElement)) {
    const another = [...news.querySelectorAll(".note")].find((other) => other !== note);
    // What it came from may have been put there anew meanwhile.
    const before = cameFrom?.isConnected ? cameFrom : document.getElementById(cameFrom?.id);
    const place = another?.querySelector("a, button") ?? before ?? document.getElementById("content");
    place.focus({ preventScroll: true });
  }
  note.remove();
}
