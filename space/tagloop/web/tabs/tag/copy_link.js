// Copies a link to an article; stands behind article_link.js, in a function of title, text and chips.
const tags = ((chips && chips.tags) || []).map(({ tag }) => tag);
const link = await linkTo({ title, text, tags });
try {
  await navigator.clipboard.writeText(link);
} catch {
  window.prompt(word("prompt"), link);
  return "";
}
return notice("saved", "status", word("copied"));
