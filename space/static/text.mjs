// HTML to plain text, by the browser's own parser: paragraphs by blank line, link texts and code
// kept, images and scripts left out.

const words = (list) => new Set(list.trim().split(/\s+/));
const LEFT_OUT = words(`
  script style template noscript svg math head img picture video audio iframe object button select
  input textarea nav`);
const PARAGRAPHS = words(
  "p pre blockquote ul ol dl table figure h1 h2 h3 h4 h5 h6 hr",
);
const LINES = words(`
  li dt dd tr div section article main header footer aside figcaption details summary address
  caption body`);

// No script of it runs and nothing of it is fetched.
export const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

// What stands for a blank, a line's end and a paragraph's end until the layout is done.
const [BLANK, LINE, PARAGRAPH] = ["\u0001", "\u0002", "\u0003"];

export function textOf(root) {
  const parts = [];
  write(root, parts, false);
  return parts
    .join("")
    .replace(/[ \n\u0002]*\u0003[ \n\u0002\u0003]*/g, "\n\n")
    .replace(/ *\u0002[ \u0002]*/g, "\n")
    .replace(/ *\n */g, "\n")
    .replaceAll(BLANK, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function write(node, parts, verbatim) {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.data.replace(/[\u0000-\u0008]/g, "");
    // A code's blanks are its own.
    parts.push(verbatim ? text.replaceAll(" ", BLANK) : text.replace(/\s+/g, " "));
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const name = node.localName;
  if (LEFT_OUT.has(name) || node.hidden) return;
  if (name === "br") parts.push("\n");
  const nested = (name === "ul" || name === "ol") && node.parentElement?.localName === "li";
  const around =
    PARAGRAPHS.has(name) && !nested ? PARAGRAPH : nested || LINES.has(name) ? LINE : "";
  parts.push(around);
  for (const child of node.childNodes) write(child, parts, verbatim || name === "pre");
  if (name === "td" || name === "th") parts.push(BLANK, BLANK);
  parts.push(around);
}
