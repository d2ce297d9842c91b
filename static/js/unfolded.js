// What somebody has unfolded or marked, and the link or button they stand on, stay so when a refresh brings the same
// messages, notices or numbers once more. Everything works without this file.
(() => {
  "use strict";
  const REGIONS = "#thread-newest, #notice-list, #rail, #live-board";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  const timeOf = (item) => $("time", item)?.getAttribute("datetime");
  // Numbers change: of characters, of versions, of what waits.
  const wordsOf = (element) => element.textContent.replace(/\d+/g, "").trim();
  const itemsLike = (region, { tag, time }) => $$(tag, region).filter((item) => timeOf(item) === time);
  const elementsLike = (item, { tag, words }) => $$(tag, item).filter((element) => wordsOf(element) === words);

  // A function that finds the item again: by its id, or by its time, because others may have come in before it.
  function findItemAgain(item, region) {
    if (item.id) return () => document.getElementById(item.id);
    const like = { tag: item.tagName, time: timeOf(item) };
    const place = itemsLike(region, like).indexOf(item);
    return () => itemsLike(document.getElementById(region.id), like)[place];
  }

  // The same for what is in an item: by its words.
  function findAgain(node, region) {
    if (node.nodeType === Node.TEXT_NODE) {
      const place = [...node.parentNode.childNodes].indexOf(node);
      const findParent = findAgain(node.parentNode, region);
      return () => findParent()?.childNodes[place];
    }
    const item = node.closest("[id], article, li");
    const findItem = findItemAgain(item, region);
    if (item === node) return findItem;
    const like = { tag: node.tagName, words: wordsOf(node) };
    const place = elementsLike(item, like).indexOf(node);
    return () => elementsLike(findItem() ?? region, like)[place];
  }

  function unfolded(region) {
    return $$("details[open] > summary", region).map((summary) => {
      const find = findAgain(summary, region);
      return () => {
        const found = find();
        if (found) found.parentElement.open = true;
      };
    });
  }

  function focus(region) {
    const element = document.activeElement;
    if (element === region || !region.contains(element)) return [];
    const find = findAgain(element, region);
    return [() => {
      const isFree = !document.activeElement || document.activeElement === document.body;
      if (isFree) find()?.focus({ preventScroll: true });
    }];
  }

  function marking(region) {
    const selection = getSelection();
    const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
    if (selection.isCollapsed || !region.contains(anchorNode) || !region.contains(focusNode)) return [];
    const words = String(selection);
    const [findAnchor, findFocus] = [findAgain(anchorNode, region), findAgain(focusNode, region)];
    return [() => {
      try {
        selection.setBaseAndExtent(findAnchor(), anchorOffset, findFocus(), focusOffset);
      } catch {
        // It is not there any more, or shorter.
      }
      if (String(selection) !== words) selection.removeAllRanges();
    }];
  }

  let restore = [];
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    restore = target?.matches(REGIONS) ? [...unfolded(target), ...marking(target), ...focus(target)] : [];
  });
  // Not before htmx has given elements their attributes; but before others look where the focus is (swaps.js).
  document.addEventListener("htmx:afterSettle", () => {
    for (const act of restore.splice(0)) act();
  });
})();
