/** Lets the items of a list be moved by their handles: dragged, or by the arrow keys. */

const EDGE_PX = 60;
const SCROLL_PX = 12;

/** Call `moved(item, index)` when an item is to be at another index, from 0. */
export function makeReorderable(list, moved) {
  list.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.target.closest(".handle")) drag(event, list, moved);
  });
  list.addEventListener("keydown", (event) => {
    if (event.target.closest(".handle")) step(event, list, moved);
  });
}

function step(event, list, moved) {
  const items = [...list.children];
  const item = event.target.closest("li");
  const at = items.indexOf(item);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to !== at && to >= 0 && to < items.length) moved(item, to);
}

function drag(event, list, moved) {
  event.preventDefault();
  const item = event.target.closest("li");
  const from = [...list.children];
  const over = new AbortController();
  const { signal } = over;
  event.target.closest(".handle").focus();
  item.classList.add("dragged");

  const end = (keep) => {
    over.abort();
    item.classList.remove("dragged");
    const to = [...list.children].indexOf(item);
    if (!keep) list.replaceChildren(...from);
    else if (to !== from.indexOf(item)) moved(item, to);
  };
  addEventListener("pointermove", ({ clientY }) => follow(item, list, clientY), { signal });
  addEventListener("pointerup", () => end(true), { signal });
  addEventListener("pointercancel", () => end(false), { signal });
  addEventListener("keydown", ({ key }) => key === "Escape" && end(false), { signal });
}

/** Put the items that the pointer has passed to the other side of the dragged one, which stays. */
function follow(item, list, y) {
  const middle = (other) => {
    const { top, height } = other.getBoundingClientRect();
    return top + height / 2;
  };
  const { previousElementSibling: above, nextElementSibling: below } = item;
  if (above && y < middle(above)) item.after(above);
  else if (below && y > middle(below)) item.before(below);
  if (y < EDGE_PX) scrollBy(0, -SCROLL_PX);
  else if (y > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX);
}
