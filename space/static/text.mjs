// HTML to plain text, by the browser's own parser: paragraphs by blank line, link texts and code
// kept, images and scripts left out.

const LEFT_OUT = new Set("script style template noscript svg math head img picture video audio iframe object button select input textarea nav".split(" "));
const PARAGRAPHS = new Set("p pre blockquote ul ol dl table figure h1 h2 h3 h4 h5 h6 hr".split(" "));
const LINES = new Set("li dt dd tr div section article main header footer aside figcaption details summary address caption body".split(" "));

// No script of it runs and nothing of it is fetched.
export const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

export function textOf(root) {
  const parts = [];
  write(root, parts, false);
  return parts
    .join("")
    .split("\n")
    .map((line) => line.replace(/^ +| +$/g, ""))
    .join("\n")
    .replaceAll("\u0001", " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function write(node, parts, verbatim) {
  if (node.nodeType === Node.TEXT_NODE) {
    // A code's indents outlive the trimming of lines.
    const text = node.data;
    parts.push(verbatim ? text.replaceAll(" ", "\u0001") : text.replace(/[\s\u0001]+/g, " "));
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const name = node.localName;
  if (LEFT_OUT.has(name) || node.hidden) return;
  if (name === "br") parts.push("\n");
  const nested = (name === "ul" || name === "ol") && node.parentElement?.localName === "li";
  const around = PARAGRAPHS.has(name) && !nested ? "\n\n" : nested || LINES.has(name) ? "\n" : "";
  parts.push(around);
  for (const child of node.childNodes) write(child, parts, verbatim || name === "pre");
  if (name === "td" || name === "th") parts.push("  ");
  parts.push(around);
}
