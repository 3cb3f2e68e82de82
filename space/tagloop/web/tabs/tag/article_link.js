// A link that carries an article: packed into what stands after the #, which no browser sends to a
// server, so that nothing is stored. Whoever made a link may be anybody: nothing of it is believed.
const NAME = "#article=";

// article: {title, text, tags}.
async function linkTo(article) {
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(article)));
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  const safe = letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  // Not the query: on the Hub it may hold the visitor's own key to a private Space.
  return `${location.origin}${location.pathname}${NAME}${safe}`;
}

// The article of a fragment, without tags where it has none; nothing if it carries none; rejects
// what is broken. limits: characters of title, text and tag, and how many tags.
async function articleIn(fragment, limits) {
  if (!fragment.startsWith(NAME)) return undefined;
  // A character has 4 bytes at most, or 12 as JSON may write it.
  const most = 12 * (limits.title + limits.text + limits.tags * limits.tag);
  const letters = fragment.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/");
  const packed = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  const bytes = await through(new DecompressionStream("deflate-raw"), packed, most);
  const { title, text, tags } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  // A character may be two units of JavaScript's.
  const fits = (value, limit) => typeof value === "string" && value.length <= 2 * limit;
  const listed = tags === undefined || (Array.isArray(tags) && tags.length <= limits.tags && tags.every((tag) => fits(tag, limits.tag)));
  if (!fits(title, limits.title) || !fits(text, limits.text) || !listed) throw new Error("no article");
  return { title: title.replace(/\s+/g, " "), text, tags };
}

// Bytes through a stream that packs or unpacks, no more than so many.
async function through(transform, bytes, most = Infinity) {
  const chunks = [];
  let size = 0;
  for (const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new Error("too long");
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

// fixed.words: of each language.
const word = (key) => (fixed.words[document.documentElement.lang.split("-")[0]] || fixed.words.en)[key];
const notice = (kind, role, text) => `<div class="tl-notice tl-${kind}" role="${role}"><p>${text}</p></div>`;
