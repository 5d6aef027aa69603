/** Words about what has just happened: read aloud, and shown with a way back where there is one. */

import { byId, element, iconButton } from "./dom.js";

const SHOWN_MS = 20_000;
let hiding = 0;

/** Let a screen reader say it, when it is done with what it reads. */
export function announce(text) {
  const said = byId("announcer");
  // The same words said twice are a change only when something stands between them.
  said.textContent = said.textContent === text ? `${text}\u00a0` : text;
}

export function hideNotice() {
  byId("notice").replaceChildren();
}

/** Show a notice with a button, for 20 seconds or as long as it is pointed at or has the focus. */
export function notify(text, { label, act }) {
  const done = () => {
    hideNotice();
    act();
  };
  byId("notice").replaceChildren(
    element("p", {}, text),
    element("button", { type: "button", class: "quiet", click: done }, label),
    iconButton("close", "Dismiss", hideNotice),
  );
  announce(`${text} ${label} is at the end of the page.`);
  clearTimeout(hiding);
  hiding = setTimeout(hideUnlessUsed, SHOWN_MS);
}

function hideUnlessUsed() {
  if (byId("notice").matches(":hover, :focus-within"))
    hiding = setTimeout(hideUnlessUsed, SHOWN_MS);
  else hideNotice();
}
