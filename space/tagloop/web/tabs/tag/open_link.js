// Opens the article that the page's address carries: the event "opened", or a notice in the element;
// stands behind article_link.js, in the same function.
let seen = "";
async function open() {
  if (location.hash === seen) return;
  seen = location.hash;
  try {
    const article = await articleIn(location.hash, fixed.limits);
    if (article) trigger("opened", article);
  } catch {
    props.value = notice("problem", "alert", word("broken"));
  }
}
window.addEventListener("hashchange", open);
open();
