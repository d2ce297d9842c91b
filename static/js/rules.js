// Moving rules by hand and by keys. Everything works without this file: there are buttons for it.
(() => {
  "use strict";
  const list = document.querySelector("#rules[data-sortable]");
  if (!list) return;
  list.classList.add("sortable");
  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;
  // The list shows a part of the rules: places count from the first of all.
  const first = Number(list.dataset.first);
  const total = Number(list.dataset.total);
  const place = (item) => [...list.children].indexOf(item) + first;

  // The page comes back with the new order, its warnings and its version; the rule keeps the focus.
  function send(item, to = place(item)) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = item.dataset.move;
    for (const [name, value] of [["csrfmiddlewaretoken", token()], ["to", to]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    form.hidden = true;
    document.body.append(form);
    form.requestSubmit();
  }

  let moving = null;
  let from = 0;
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".grip");
    const item = grip && grip.closest("[data-move]");
    if (!item || event.button) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    moving = item;
    from = place(item);
    item.classList.add("moving");
  });
  list.addEventListener("pointermove", (event) => {
    if (!moving) return;
    const edge = 60;
    if (event.clientY < edge) scrollBy(0, -12);
    else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
    for (const other of list.children) {
      if (other === moving) continue;
      const { top, bottom } = other.getBoundingClientRect();
      if (event.clientY < top || event.clientY > bottom) continue;
      if (event.clientY < (top + bottom) / 2) other.before(moving);
      else other.after(moving);
      break;
    }
  });
  function end(keep) {
    if (!moving) return;
    const item = moving;
    moving = null;
    item.classList.remove("moving");
    if (keep && place(item) !== from) send(item);
    else {
      item.remove();
      list.insertBefore(item, list.children[from - first] || null);
    }
  }
  list.addEventListener("pointerup", () => end(true));
  list.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end(false);
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const item = event.target.closest?.("#rules [data-move]");
    if (!item) return;
    const to = place(item) + (event.key === "ArrowUp" ? -1 : 1);
    if (to < 1 || to > total) return;
    event.preventDefault();
    const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
    // The neighbour is on another page: the rule goes there, and the page with it.
    if (!other) {
      send(item, to);
      return;
    }
    if (event.key === "ArrowUp") other.before(item);
    else other.after(item);
    send(item);
  });
  const wanted = /^#rule-[0-9a-f-]+$/.test(location.hash) && document.querySelector(`${location.hash} h2 a`);
  // Only then: going to the fragment takes the focus away.
  if (wanted) addEventListener("load", () => setTimeout(() => wanted.focus({ preventScroll: true })));
})();
