// A link that carries an article: packed into what stands after the #, which no browser sends to a
// server. Whoever made a link may be anybody, so that nothing of it is believed.

const NAME = "#article=";
export const BROKEN =
  "This link carries no article that can be read: ask for it again, or paste the text.";

export async function linkTo(article) {
  const packed = await through(
    new CompressionStream("deflate-raw"),
    new TextEncoder().encode(JSON.stringify(article)),
  );
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  const safe = letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `${location.href.split("#")[0]}${NAME}${safe}`;
}

// The article of a fragment; nothing if it carries none; rejects with one sentence.
export async function articleIn(fragment, limits) {
  if (!fragment.startsWith(NAME)) return undefined;
  // A character has 4 bytes at most, or 12 as JSON may write it.
  const most = 12 * (limits.title + limits.text);
  try {
    const letters = fragment.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/");
    const packed = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
    const bytes = await through(new DecompressionStream("deflate-raw"), packed, most);
    const { title, text } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof title !== "string" || typeof text !== "string") throw new Error(BROKEN);
    if (title.length > 2 * limits.title || text.length > 2 * limits.text) throw new Error(BROKEN);
    return { title: title.replace(/\s+/g, " "), text };
  } catch {
    throw new Error(BROKEN);
  }
}

// Bytes through a stream that packs or unpacks, no more than so many.
async function through(transform, bytes, most = Infinity) {
  const chunks = [];
  let size = 0;
  for (const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new Error(BROKEN);
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
