// Where the focus is when HTMX has replaced what had it. HTMX itself leaves it on an element whose id is there again, and follows
// `autofocus`; what is gone for good, such as the button that deleted its own comment, leaves it to what it stood in.

/** The id of what is being replaced, if the focus is in it. */
let held = null;

document.body.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  held = target.contains(document.activeElement) ? target.id : null;
});

document.body.addEventListener("htmx:afterSettle", () => {
  const place = held && document.getElementById(held);
  held = null;
  if (place && document.activeElement === document.body) {
    // It takes the focus from scripts, and is none of the keyboard's stops.
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
});
