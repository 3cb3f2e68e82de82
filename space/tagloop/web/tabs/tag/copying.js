// Tags in the forms that people paste elsewhere; stands before chips.js, in the same function.
const words = fixed.words[document.documentElement.lang.split("-")[0]] || fixed.words.en;
const word = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
const hashtag = (tag) => {
  const words = tag.replaceAll("+", "plus").replaceAll("#", "sharp").match(/[\p{L}\p{M}\p{N}_]+/gu) || [];
  return `#${words.map((word) => word[0].toUpperCase() + word.slice(1)).join("")}`;
};
// A string of JSON is one of YAML, whatever it holds.
const yaml = (tags) => ["---", tags.length ? "tags:" : "tags: []", ...tags.map((tag) => `  - ${JSON.stringify(tag)}`), "---"].join("\n");
const FORMS = {
  List: (tags) => tags.join("\n"),
  Commas: (tags) => tags.join(", "),
  Hashtags: (tags) => tags.map(hashtag).join(" "),
  YAML: (tags) => `${yaml(tags)}\n`,
  JSON: (tags) => JSON.stringify(tags),
};
const formName = (name) => words[`form_${name.toLowerCase()}`] || name;
async function copy(button, name, tags) {
  const text = FORMS[name](tags);
  try { await navigator.clipboard.writeText(text); }
  catch { window.prompt(word("copy_prompt"), text); return; }
  button.textContent = word("copied");
  setTimeout(() => { button.textContent = formName(name); }, 1500);
}
