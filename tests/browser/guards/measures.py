"""What runs inside a page to measure it."""

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""Those of them that a theme can break."""
AXE = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\\n", " ")}`));
}"""

# What reaches beyond the right edge, where nothing around it scrolls by itself.
WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= limit) return [];
  const scrolls = (el) => el && el !== document.body && (/auto|scroll|hidden|clip/.test(getComputedStyle(el).overflowX)
    || scrolls(el.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((el) => el.getBoundingClientRect().right > limit + 1 && !scrolls(el.parentElement))
    .map((el) => `${el.tagName.toLowerCase()}.${el.className}: to ${Math.round(el.getBoundingClientRect().right)} px`);
}"""

# Words that are cut: by the edge of what holds them, or by a box too narrow for their line.
CUT = """() => [...document.querySelectorAll(".severity, .tag, .button, .kind, .segments span, .tabs a, .who, .brand")]
  .filter((el) => el.checkVisibility({visibilityProperty: true}) && !el.closest(".unseen"))
  .filter((el) => {
    const box = el.getBoundingClientRect(), words = document.createTreeWalker(el, NodeFilter.SHOW_TEXT), rects = [];
    while (words.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(words.currentNode);
      if (!words.currentNode.parentElement.closest(".unseen")) rects.push(...range.getClientRects());
    }
    const outside = rects.some((each) => each.width > 1 && (each.right > box.right + 1 || each.left < box.left - 1
      || each.bottom > box.bottom + 2 || each.top < box.top - 2));
    const hidden = getComputedStyle(el).overflow !== "visible" && el.scrollWidth > el.clientWidth + 1;
    return box.width > 1 && (outside || hidden);
  }).map((el) => `${innerWidth} px: ${el.className} “${el.textContent.trim().slice(0, 40)}”`)"""

# What is too small for a finger. A link in the middle of a sentence is as high as its line (WCAG 2.2, 2.5.8: inline); a
# box to tick is as large as its label.
SMALL = """(least) => {
  const inSentence = (el) => el.tagName === "A" && getComputedStyle(el).display === "inline"
    && [...el.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim().length > 1);
  const seen = (el) => el.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && el.getBoundingClientRect().width > 1 && el.getBoundingClientRect().right > 0
    && el.getBoundingClientRect().bottom > 0 && !el.closest("[inert]");
  const asks = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=slider]";
  return [...document.querySelectorAll(asks)].filter((el) => seen(el) && !inSentence(el) && !el.disabled).map((el) => {
    const boxes = [el, ...(el.labels ?? [])].map((each) => each.getBoundingClientRect());
    const large = boxes.some((box) => box.width >= least && box.height >= least);
    const {width, height} = boxes[0];
    const words = (el.textContent.trim() || el.getAttribute("aria-label") || el.name || el.id || "").slice(0, 40);
    return large ? "" : `${el.tagName.toLowerCase()} “${words}”: ${width.toFixed(1)} × ${height.toFixed(1)}`;
  }).filter(Boolean);
}"""

# Numbers each place that the Tab key should reach: of a group of radio buttons one.
STOPS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, "
  + "[tabindex]:not([tabindex='-1'])")].filter((el) => !el.disabled && el.tabIndex >= 0 && !el.closest("[inert]")
    && el.checkVisibility({visibilityProperty: true})
    && !(el.type === "radio" && !el.checked && document.querySelector(`[name="${CSS.escape(el.name)}"]:checked`)))
  .filter((el, at, all) => !(el.type === "radio" && all.slice(0, at).some((other) => other.type === "radio"
    && other.name === el.name && other.form === el.form)))
  .map((el, at) => { el.dataset.stop = at; return at; }).length"""
# Writes down each place that gets the focus; null where nothing has it any more.
WATCH = """() => {
  window.way = [];
  const ring = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  addEventListener("focusin", ({target: el}) => {
    const look = getComputedStyle(el), around = el.closest("label, .field, summary") ?? el;
    way.push({stop: el.dataset.stop ?? "", ring: ring(look) || ring(getComputedStyle(around)),
      words: `${el.tagName.toLowerCase()} “${(el.textContent.trim() || el.name || el.id).slice(0, 40)}”`});
  });
  addEventListener("focusout", () => setTimeout(() => document.activeElement === document.body && way.push(null)));
}"""
WAY = "() => way"

# What still moves for longer than a blink.
MOVES = """() => {
  const ms = (each) => (each.trim().endsWith("ms") ? 1 : 1000) * parseFloat(each);
  const long = (words) => words.split(",").some((each) => ms(each) > 20);
  const styles = [...document.querySelectorAll("body *")].map((el) => [el, getComputedStyle(el)]);
  return styles.filter(([, style]) => (style.animationName !== "none" && long(style.animationDuration))
      || (style.transitionProperty !== "none" && long(style.transitionDuration)))
    .map(([el, style]) => `${el.tagName.toLowerCase()}.${el.className}: ${style.transitionProperty} `
      + `${style.transitionDuration}, ${style.animationName}`)
    .concat(getComputedStyle(document.documentElement).scrollBehavior === "smooth" ? ["html scrolls smoothly"] : []);
}"""

# The page itself, and what the browser waits for before it paints: [address, octets as sent].
AWAITED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")
    .filter((each) => each.renderBlockingStatus === "blocking")]
  .map((each) => [each.name, each.encodedBodySize])"""
