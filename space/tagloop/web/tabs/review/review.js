// The queue and the article of the Review tab; runs once in each of the two elements.
//
// [data-pick] an article, [data-page] a page of the list, [data-answer] one of several answers,
// [data-reopen] a decision to undo. The keys are those that the buttons show.
element.addEventListener("click", (event) => {
  for (const name of ["pick", "page", "answer", "reopen"]) {
    const used = event.target.closest(`[data-${name}]`);
    if (used && !used.disabled) { trigger({ page: "turn" }[name] || name, { value: used.dataset[name] }); return; }
  }
});

const KEYS = { a: "accept", e: "edit", r: "reject", s: "skip", u: "undo" };
if (!window.tlReviewKeys) {
  window.tlReviewKeys = true;
  document.addEventListener("keydown", (event) => {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=listbox]")) return;
    const on = document.querySelector("#review-keys input");
    const button = document.querySelector(`#review-${name}`);
    // Hidden with its tab or its column, a button takes no keys either.
    if (!on || !on.checked || !button || button.disabled || !button.offsetParent) return;
    event.preventDefault();
    button.click();
  });
}
for (const [key, name] of Object.entries(KEYS)) {
  document.querySelector(`#review-${name}`)?.setAttribute("aria-keyshortcuts", key);
}
