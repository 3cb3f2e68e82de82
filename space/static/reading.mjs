// A visitor's file to an article. Front matter and Markdown are read by tagloop's own Python in the
// worker, pages by Readability, which Firefox's reader view is made of.
import { beginning } from "./article.mjs";
import { parsed, textOf } from "./text.mjs";

const ENDINGS = /\.(md|markdown|mdown|mkdn?|mdx|qmd|rmd|html?|xhtml|txt)$/i;
const MOST_ELEMENTS = 50_000;

// Returns {title, text, note}; note is what a visitor should know of it.
export async function readArticle(file, tagger, limits) {
  if (!ENDINGS.test(file.name))
    throw new Error(`${file.name} is none of .md, .html, .txt: convert it, or paste its text.`);
  const content = await readText(file, limits);
  const found = await tagger.ask({ type: "read", name: file.name, content });
  const { title, text } = found.page === undefined ? fragment(found) : await page(found.page);
  if (!text) throw new Error(`${file.name} has no text in it; paste the text instead.`);
  const notes = [found.note];
  if (found.tags?.length) notes.push(`Its own tags: ${found.tags.join(", ")}.`);
  const short = beginning(text, limits.text);
  if (short !== text)
    notes.push(
      `${file.name} has more than ${limits.text.toLocaleString("en")} characters of text: ` +
        "its beginning is here.",
    );
  return {
    title: beginning(oneLine(title), limits.title),
    text: short,
    note: notes.filter(Boolean).join(" "),
  };
}

// The text of a file, whatever it is.
export async function readText(file, limits) {
  if (file.size > limits.file)
    throw new Error(
      `${file.name} has ${megabytes(file.size)} MB; the limit is ${megabytes(limits.file)} MB. ` +
        "Paste its text instead.",
    );
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = decoded(bytes);
  if (text.includes("\0"))
    throw new Error(`${file.name} is no text: convert it, or paste its text.`);
  return text.replace(/\r\n?/g, "\n");
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1).replace(/\.0$/, "");
const oneLine = (text) => text.replace(/\s+/g, " ").trim();

function decoded(bytes) {
  const mark = bytes[0] * 256 + bytes[1];
  if (mark === 0xfffe) return new TextDecoder("utf-16le").decode(bytes);
  if (mark === 0xfeff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const usual = new TextDecoder("windows-1252").decode(bytes);
    const named = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(usual.slice(0, 2048));
    try {
      return named ? new TextDecoder(named[1]).decode(bytes) : usual;
    } catch {
      return usual;
    }
  }
}

// What Python made of it: text, or HTML whose first heading is the title unless there is one.
function fragment({ title, text, html }) {
  if (html === undefined) return { title, text };
  const { body } = parsed(html);
  const heading = body.querySelector("h1");
  const first = heading ? oneLine(textOf(heading)) : "";
  const onTop = first && oneLine(textOf(body)).startsWith(first);
  if (onTop && (!title || title === first)) heading.remove();
  title ||= first;
  return { title, text: textOf(body) };
}

// The article of a whole page, without its navigation.
async function page(html) {
  const { default: Readability } = await import("./vendor/readability/Readability.mjs");
  const whole = parsed(html);
  const heading = headingOf(whole);
  const text = textOf(whole.body);
  try {
    const found = new Readability(whole, { maxElemsToParse: MOST_ELEMENTS }).parse();
    if (found?.content)
      return { title: heading || found.title, text: textOf(parsed(found.content).body) };
  } catch {
    // Too many elements: all that it says is better than nothing.
  }
  return { title: heading || whole.title, text };
}

// The only heading of the first level, unless it names the site: most of the page's title is of it.
function headingOf(page) {
  const headings = page.querySelectorAll("h1");
  if (headings.length !== 1) return "";
  const heading = oneLine(headings[0].textContent).replace(/\s*[¶#]$/, "");
  const title = page.querySelector('meta[property="og:title"]')?.content || page.title;
  return !title || (title.includes(heading) && 2 * heading.length >= title.length) ? heading : "";
}
