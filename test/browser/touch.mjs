// What fingers need, and a page at a small window or a large letter.

/** The things on the page to tap that are smaller than 40 px, as texts. Links within a sentence may be as high as their line. */
export function smallTargets(page) {
  return page.evaluate(() => {
    const MIN = 40;
    const TARGETS = "a[href], button, input, select, textarea, summary, [role=switch], [role=option], [role=menuitem], [role=menuitemradio]";
    const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const isInline = (element) => getComputedStyle(element).display === "inline" && element.closest("p, li, h1, h2") !== null;
    // Points of a picture are where they are; the lines below it lead to the same.
    const isPoint = (element) => element.closest("[data-lane]") !== null;
    const hits = (element, x, y) => {
      const top = document.elementFromPoint(x, y);
      return top !== null && (element.contains(top) || (element.closest("label")?.contains(top) ?? false));
    };
    // How far taps from a point on reach the element, in one direction; its box may be smaller, such as that of a link over a row.
    const reach = (element, x, y, dx, dy) => {
      let far = 0;
      while (far < MIN && hits(element, x + dx * (far + 1), y + dy * (far + 1))) far++;
      return far;
    };
    const isLarge = (element, { width, height }, x, y) => {
      const wide = Math.max(width, reach(element, x, y, 1, 0) + reach(element, x, y, -1, 0));
      const high = Math.max(height, reach(element, x, y, 0, 1) + reach(element, x, y, 0, -1));
      return wide + 2 >= MIN && high + 2 >= MIN; // the pixel in the middle, and half ones at the edges
    };
    // What is cut by the window or by the box it scrolls in is measured when it is in view.
    const isWhole = (element) => {
      const { top, bottom, left, right } = element.getBoundingClientRect();
      return top >= MIN && bottom <= innerHeight - MIN && left >= 0 && right <= innerWidth;
    };
    return [...document.querySelectorAll(TARGETS)]
      .filter((element) => shown(element) && !element.disabled && !isInline(element) && !isPoint(element))
      .flatMap((element) => {
        const box = (element.closest("label") ?? element).getBoundingClientRect();
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        const inHeader = element.closest("header, nav") !== null;
        if ((!inHeader && !isWhole(element)) || !hits(element, x, y) || isLarge(element, box, x, y)) return [];
        const { width, height } = element.getBoundingClientRect();
        const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
        return [`${element.tagName.toLowerCase()} “${name}” ${Math.round(width)} × ${Math.round(height)}`];
      });
  });
}
