// The tags as chips that a visitor edits; runs once in the component's element.
//
// props.value     {id, tags: [{tag, confidence, present, linked}]}; confidence and present are null
//                 of a tag that the visitor wrote, or, if linked, whoever sent the article's link.
//                 Edits are written back to it.
// props.evidence  {id, of: {tag: {kind, title: [[begin, end, words]], text: [...]}}}; comes later.
// fixed.vocabulary, fixed.limit: tags to choose from, and how many an article may have.
// fixed.words     The words of each language.
// fixed.prefix    Of the ids of what is made here.
// fixed.articles  Whether the page has a dataset whose articles a tag can link to.
const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};
const form = (tag) => tag.normalize("NFKC").toLowerCase().trim().replace(/[\s_-]+/g, " ");
const current = () => (props.value && props.value.tags) || [];
const percent = (chip) => Math.round(chip.confidence * 100);

let selected = null; // name of the chip whose tools are shown
let hovered = null; // the chip under the pointer, which comes before the selected one
let dragged = null;
const root = element.querySelector(".tl-editor");
const chips = make("ol", { class: "tl-chips", "aria-label": word("tags") });
const why = make("p", { class: "tl-why", id: `${fixed.prefix}-why` });
const tools = make("div", { class: "tl-tools", role: "group", hidden: true });
const told = make("span", { class: "tl-unseen", role: "status" });
const options = make("datalist", { id: `${fixed.prefix}-vocabulary` });
const adding = make("input", {
  id: `${fixed.prefix}-add`, list: `${fixed.prefix}-vocabulary`, autocomplete: "off", spellcheck: "false", dir: "auto",
  placeholder: word("add_hint"), onkeydown: (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (add(adding.value)) adding.value = "";
  },
  oninput: () => suggest(adding.value),
});
root.replaceChildren(
  chips, tools, why,
  make("div", { class: "tl-add" }, make("label", { for: `${fixed.prefix}-add` }, word("add_tag")), adding,
    make("button", { type: "button", onclick: () => { if (add(adding.value)) adding.value = ""; adding.focus(); } }, word("add"))),
  make("div", { class: "tl-copy", role: "group", "aria-label": word("copy_group") },
    make("span", { "aria-hidden": "true" }, word("copy_as")),
    ...Object.keys(FORMS).map((name) => make("button", { type: "button", "data-form": name,
      onclick: (event) => { const button = event.currentTarget; copy(button, name, current().map((chip) => chip.tag)); say(word("copied")); } }, formName(name)))),
  options, told,
);

const say = (text) => { told.textContent = ""; setTimeout(() => { told.textContent = text; }, 30); };

// Editing -----------------------------------------------------------------------------------
const keep = (tags) => { props.value = { ...props.value, tags }; draw(); };
const known = (tag) => current().findIndex((chip) => form(chip.tag) === form(tag));

function add(text) {
  const tag = text.replace(/\s+/g, " ").trim();
  if (!tag) return false;
  if (known(tag) >= 0) { say(word("there", { tag })); return false; }
  if (current().length >= fixed.limit) { say(word("limit", { limit: fixed.limit })); return false; }
  keep([...current(), { tag, confidence: null, present: null }]);
  say(word("added", { tag }));
  return true;
}
function remove(tag) {
  const at = known(tag);
  keep(current().filter((_, place) => place !== at));
  say(word("removed", { tag }));
  if (selected === tag) select(null);
  const next = chips.querySelectorAll(".tl-name")[Math.min(at, current().length - 1)];
  (next || adding).focus();
}
function rename(tag, text) {
  const name = text.replace(/\s+/g, " ").trim(), at = known(tag), other = known(name);
  if (!name || name === tag) { draw(tag); return; }
  if (other >= 0 && other !== at) { say(word("there", { tag: name })); draw(tag); return; }
  // Another spelling of the tag is still the model's; another tag is the visitor's.
  const chip = form(name) === form(tag) ? { ...current()[at], tag: name } : { tag: name, confidence: null, present: null };
  selected = name;
  keep(current().map((one, place) => (place === at ? chip : one)));
  draw(name);
  say(word("renamed", { tag, name }));
}
function move(tag, by) {
  const tags = [...current()], at = known(tag), to = at + by;
  if (to < 0 || to >= tags.length) return;
  tags.splice(to, 0, ...tags.splice(at, 1));
  keep(tags);
  draw(tag);
  say(word("moved", { tag, place: to + 1, total: tags.length }));
}
function suggest(text) {
  const wanted = form(text);
  const found = wanted ? fixed.vocabulary.filter((tag) => form(tag).includes(wanted)) : [];
  found.sort((a, b) => form(b).startsWith(wanted) - form(a).startsWith(wanted));
  options.replaceChildren(...found.slice(0, 12).map((tag) => make("option", { value: tag })));
}
function edit(tag) {
  const item = [...chips.children].find((li) => li.dataset.tag === tag);
  let done = false;
  const finish = (text) => { if (!done) { done = true; rename(tag, text); } };
  const input = make("input", {
    class: "tl-rename", "aria-label": word("new_name", { tag }), list: `${fixed.prefix}-vocabulary`, value: tag, dir: "auto",
    oninput: () => suggest(input.value), onblur: () => finish(input.value),
    onkeydown: (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { event.preventDefault(); finish(input.value); }
      if (event.key === "Escape") finish(tag);
    },
  });
  input.style.width = `${Math.max(tag.length + 3, 8)}ch`;
  item.replaceChildren(input);
  input.focus();
  input.select();
}

// What speaks for a tag -----------------------------------------------------------------------
const evidence = (tag) => {
  const all = props.evidence;
  return all && props.value && all.id === props.value.id ? all.of[tag] : undefined;
};
function reason(chip) {
  if (chip.confidence === null) return word(chip.linked ? "by_link" : "by_you");
  const found = evidence(chip.tag), sure = `${word("sure", { percent: percent(chip) })} `;
  if (!found) return sure + word(chip.present ? "named" : "inferred");
  const places = found.title.length + found.text.length;
  if (found.kind === "present") return sure + (places === 1 ? word("named_once") : word("named_times", { count: places }));
  if (!found.text.length) return sure + word("inferred_whole");
  const words = found.text[0][2];
  return sure + word("inferred_words", { words: words.length > 220 ? `${words.slice(0, 220)} …` : words });
}
function field(name) { return document.querySelector(`#${name} textarea, #${name} input`); }

// A field cannot mark its own words: a transparent copy of its text lies over it.
function overlay(box) {
  let over = box.parentElement.querySelector(":scope > .tl-over");
  if (!over) {
    over = make("div", { class: "tl-over", "aria-hidden": "true" });
    box.parentElement.style.position = "relative";
    box.parentElement.append(over);
    box.addEventListener("scroll", () => { over.scrollTop = box.scrollTop; over.scrollLeft = box.scrollLeft; });
    box.addEventListener("input", () => over.replaceChildren());
    new ResizeObserver(() => { if (over.firstChild) show(hovered || shown(), false); }).observe(box);
  }
  const style = getComputedStyle(box);
  for (const name of ["font", "letterSpacing", "lineHeight", "padding", "textAlign", "direction", "tabSize"]) over.style[name] = style[name];
  over.style.whiteSpace = box.tagName === "TEXTAREA" ? "pre-wrap" : "pre";
  over.style.left = `${box.offsetLeft + box.clientLeft}px`;
  over.style.top = `${box.offsetTop + box.clientTop}px`;
  over.style.width = `${box.clientWidth}px`;
  over.style.height = `${box.clientHeight}px`;
  return over;
}
function mark(name, spans, kind, scroll) {
  const box = field(name);
  if (!box) return;
  const over = overlay(box), text = box.value, lead = text.length - text.trimStart().length;
  over.replaceChildren();
  let at = 0;
  for (const [begin, end, words] of spans) {
    // The article may have been edited since it was tagged.
    let from = begin + lead;
    if (text.slice(from, end + lead) !== words) from = text.indexOf(words, at);
    if (from < at) continue;
    over.append(text.slice(at, from), make("mark", { class: `tl-mark-${kind}` }, words));
    at = from + words.length;
  }
  if (!at) return;
  over.append(text.slice(at), "\n");
  const first = over.querySelector("mark");
  const hidden = first.offsetTop < box.scrollTop || first.offsetTop + first.offsetHeight > box.scrollTop + box.clientHeight;
  if (scroll && hidden) box.scrollTop = Math.max(first.offsetTop - box.clientHeight / 3, 0);
  over.scrollTop = box.scrollTop;
}
function show(chip, scroll) {
  const found = chip && evidence(chip.tag);
  for (const name of ["title", "text"]) {
    mark(name === "text" ? "article" : name, found ? found[name] : [], found ? found.kind : "present", scroll);
  }
  why.textContent = chip ? reason(chip) : "";
}
const shown = () => current().find((chip) => chip.tag === selected);
function select(tag) {
  selected = tag;
  for (const li of chips.children) li.classList.toggle("tl-selected", li.dataset.tag === tag);
  tools.hidden = tag === null;
  if (tag !== null) {
    const at = known(tag), button = (key, text, run, off) =>
      make("button", { type: "button", "aria-label": word(key, { tag }), disabled: off, onclick: run }, text);
    tools.setAttribute("aria-label", word("change", { tag }));
    tools.replaceChildren(
      button("rename_tag", word("rename"), () => edit(tag), false),
      button("earlier_tag", "←", () => { move(tag, -1); }, at === 0),
      button("later_tag", "→", () => { move(tag, 1); }, at === current().length - 1),
      button("remove_tag", word("remove"), () => remove(tag), false),
      ...(fixed.articles ? [make("a", { href: `?tag=${encodeURIComponent(tag)}`, target: "_blank", rel: "noopener", "aria-label": word("articles_tag", { tag }) }, word("articles"))] : []),
    );
  }
  show(shown(), true);
}

// Drawing -------------------------------------------------------------------------------------
function item(chip) {
  const kind = chip.confidence === null ? "own" : chip.present ? "present" : "inferred";
  const name = make("button", {
    type: "button", class: "tl-name", dir: "auto", "aria-describedby": `${fixed.prefix}-why`,
    onfocus: () => select(chip.tag), onclick: () => select(chip.tag), ondblclick: () => edit(chip.tag),
    onkeydown: (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.altKey && by) { event.preventDefault(); move(chip.tag, by); }
      else if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); remove(chip.tag); }
      else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); edit(chip.tag); }
      else if (event.key === "Escape") select(null);
    },
  }, chip.tag);
  const li = make("li", {
    class: `tl-chip tl-${kind}`, draggable: "true", "data-tag": chip.tag,
    onmouseenter: () => { hovered = chip; show(chip, false); },
    onmouseleave: () => { hovered = null; show(shown(), false); },
    ondragstart: (event) => { dragged = chip.tag; event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", chip.tag); },
    ondragover: (event) => { if (dragged !== null) event.preventDefault(); },
    ondrop: (event) => { event.preventDefault(); if (dragged !== null && dragged !== chip.tag) move(dragged, known(chip.tag) - known(dragged)); dragged = null; },
    ondragend: () => { dragged = null; },
  }, name);
  if (chip.confidence === null) li.append(make("span", { class: "tl-percent" }, word(chip.linked ? "linked" : "yours")));
  else {
    li.append(
      make("span", { class: "tl-percent" }, `${percent(chip)} %`, make("span", { class: "tl-unseen" }, word("confidence", { meaning: word(`meaning_${kind}`) }))),
      make("span", { class: "tl-bar", "aria-hidden": "true" }, make("i", { style: `width:${percent(chip)}%` })),
    );
  }
  li.append(make("button", { type: "button", class: "tl-remove", "aria-label": word("remove_tag", { tag: chip.tag }), title: word("remove"), onclick: () => remove(chip.tag) }, "×"));
  return li;
}
function draw(focused = null) {
  hovered = null;
  chips.replaceChildren(...current().map(item));
  if (selected !== null && !shown()) select(null);
  if (focused !== null) [...chips.children].find((li) => li.dataset.tag === focused)?.querySelector(".tl-name").focus();
}
watch("value", () => { selected = hovered = null; select(null); draw(); });
watch("evidence", () => show(hovered || shown(), false));
draw();
