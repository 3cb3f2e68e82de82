// Links that carry an article with its tags; what packs them is the Gradio Space's own
// (article_link.mjs is written of it).
import { articleIn, linkTo } from "./article_link.mjs";

const BROKEN = "This link carries no article that can be read: ask for it again, or paste the text.";

export { linkTo };

// The article of a fragment; nothing if it carries none; rejects with one sentence.
export async function linked(fragment, limits) {
  try {
    return await articleIn(fragment, limits);
  } catch {
    throw new Error(BROKEN);
  }
}
