// What a page cuts or lays over something else; evaluated by cut_text.py with a selector of what may be cut.
(meant) => {
  const found = [];
  const name = (one) => {
    const text = (one.innerText ?? one.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 60);
    return `<${one.localName}${one.className && one.className.trim ? "." + one.className.trim().split(/\s+/).join(".") : ""}> ${text}`;
  };
  const note = (what, one) => found.push(`${what}: ${name(one)}`);
  const hides = (value) => value === "hidden" || value === "clip";
  const scrolls = (value) => value === "auto" || value === "scroll";
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walker.nextNode());) {
    const one = node.parentElement;
    if (!node.data.trim() || one.matches(meant) || one.closest(".visually-hidden, select, svg, .skip") || !one.checkVisibility()) continue;
    if (getComputedStyle(one).visibility === "hidden") continue;
    range.selectNodeContents(node);
    const size = parseFloat(getComputedStyle(one).fontSize);
    // As high as its letters: a line may be lower than what the font asks for.
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1).map((box) => {
      const spare = Math.max(0, box.height - size) / 2;
      // Spaces at the end of a line may hang over it.
      const hangs = one.closest(".said") ? size * .6 : 0;
      return { left: box.left, right: box.right - hangs, top: box.top + spare, bottom: box.bottom - spare };
    });
    if (!boxes.length) continue;
    const left = Math.min(...boxes.map((box) => box.left)), right = Math.max(...boxes.map((box) => box.right));
    const top = Math.min(...boxes.map((box) => box.top)), bottom = Math.max(...boxes.map((box) => box.bottom));
    let across = true, down = true, floats = false, silent = false;
    for (let up = one; up && (across || down); up = up.parentElement) {
      const style = getComputedStyle(up), box = up.getBoundingClientRect();
      floats ||= ["absolute", "fixed", "sticky"].includes(style.position);
      if ((silent = style.clipPath.startsWith("inset(50%"))) break;
      if (style.display === "inline" || up === document.body || up === document.documentElement) continue;
      const whole = up.closest("[title]") || up.querySelector(":scope > [title]");
      if (across && scrolls(style.overflowX)) across = false;
      if (across && hides(style.overflowX) && (right > box.right + 1 || left < box.left - 1)) {
        if (!(style.textOverflow === "ellipsis" && (whole || up.matches(meant)))) note("cut at the side", one);
        boxes.forEach((piece) => { piece.right = Math.min(piece.right, box.right); });
        across = false;
      }
      if (down && scrolls(style.overflowY)) down = false;
      if (down && hides(style.overflowY) && (bottom > box.bottom + 3 || top < box.top - 3)) {
        if (style.webkitLineClamp === "none") note("cut below", one);
        down = false;
      }
    }
    if (silent) continue;
    if (across && (right > document.documentElement.clientWidth + 1 || left < -1)) note("outside the window", one);
    if (!floats) for (const box of boxes) pieces.push([box, one]);
  }
  for (const one of document.querySelectorAll("select:not([multiple])")) {
    if (!one.checkVisibility() || one.size > 1) continue;
    const style = getComputedStyle(one);
    if (style.appearance === "none" && style.whiteSpace === "normal") {
      if (one.scrollHeight > one.clientHeight + 1) note("chosen option cut", one.selectedOptions[0]);
      continue;
    }
    const alone = one.cloneNode(false);
    alone.removeAttribute("id"); alone.removeAttribute("name");
    const chosen = one.selectedOptions[0];
    if (!chosen) continue;
    alone.append(chosen.cloneNode(true));
    one.after(alone);
    alone.style.cssText = "position: absolute; inline-size: max-content; min-inline-size: 0; max-inline-size: none; flex: none; visibility: hidden";
    const needed = alone.offsetWidth;
    alone.remove();
    if (needed > one.offsetWidth + 1) note(`chosen option needs ${needed - one.offsetWidth} px more`, chosen);
  }
  for (const one of document.querySelectorAll("table")) {
    const holder = one.closest(".scroll");
    if (holder && one.checkVisibility() && holder.scrollWidth > holder.clientWidth + 1) found.push(`scrolls sideways: ${name(one)}`);
  }
  const canvas = document.createElement("canvas").getContext("2d");
  for (const one of document.querySelectorAll("input[placeholder]")) {
    if (!one.checkVisibility()) continue;
    const style = getComputedStyle(one);
    canvas.font = style.font;
    const needed = canvas.measureText(one.placeholder).width - (one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    if (needed > 1) found.push(`placeholder needs ${Math.round(needed)} px more: ${one.placeholder}`);
  }
  pieces.sort((one, other) => one[0].top - other[0].top);
  pieces.forEach(([box, one], at) => {
    for (let next = at + 1; next < pieces.length && pieces[next][0].top < box.bottom - 2; next++) {
      const [other, two] = pieces[next];
      if (one.contains(two) || two.contains(one)) continue;
      const gap = Math.max(box.left, other.left) - Math.min(box.right, other.right);
      const high = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      const cells = one.closest("td, th"), cell = two.closest("td, th");
      if (gap < -2 && high > 4) found.push(`over each other: ${name(one)} | ${name(two)}`);
      else if (gap < 12 && high > 4 && cells && cell && cells !== cell) found.push(`touch: ${name(one)} | ${name(two)}`);
    }
  });
  return [...new Set(found)];
}
