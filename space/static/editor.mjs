// The tags as chips. Their script is the Gradio Space's own (chips.mjs is written of it), which
// wants a component's props; here they are.
import startChips from "./chips.mjs";
import { words } from "./words.mjs";

export class Editor {
  #value = null;
  #evidence = null;
  #watched = {};
  #count = 0;

  // limit: of tags. changed: is called whenever suggested or edited tags change.
  constructor(element, limit, changed) {
    Object.assign(this, { element, changed, suggested: [] });
    this.fixed = { words, prefix: "tl", vocabulary: [], limit, articles: false };
    const editor = this;
    const props = {
      get value() {
        return editor.#value;
      },
      set value(value) {
        editor.#value = value; // an edit: the script draws it by itself
        changed();
      },
      get evidence() {
        return editor.#evidence;
      },
    };
    startChips(element, props, (name, run) => (this.#watched[name] = run), this.fixed);
  }

  get tags() {
    return this.#value?.tags.map(({ tag }) => tag) ?? [];
  }

  // Shows suggested tags, or none: null.
  show(tags) {
    this.#value = tags && {
      id: ++this.#count,
      tags: tags.map(({ tag, confidence, present }) => ({ tag, confidence, present })),
    };
    this.#evidence = null;
    this.suggested = tags?.map(({ tag, confidence }) => ({ tag, confidence })) ?? [];
    this.element.hidden = !tags;
    this.#watched.value();
    this.changed();
  }

  // Shows the tags that whoever sent a link to the article stands for.
  take(tags) {
    const given = new Map(this.#value.tags.map((one) => [one.tag, one]));
    const linked = { confidence: null, present: null, linked: true };
    const { id } = this.#value;
    this.#value = { id, tags: tags.map((tag) => given.get(tag) ?? { tag, ...linked }) };
    this.#watched.value();
    this.changed();
  }

  // Shows what speaks for the tags that were suggested for an article, in their order.
  explain(article, evidence) {
    const of = {};
    this.suggested.forEach(({ tag }, place) => {
      const { kind, title, text } = evidence[place];
      of[tag] = { kind, title: spans(title, article.title), text: spans(text, article.text) };
    });
    this.#evidence = { id: this.#value.id, of };
    this.#watched.evidence();
  }
}

// Python counts characters, a browser units of 16 bits: places are converted, with their words.
function spans(found, text) {
  if (!found.length) return [];
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return found.map(([begin, end]) => [
    units[begin],
    units[end],
    text.slice(units[begin], units[end]),
  ]);
}
