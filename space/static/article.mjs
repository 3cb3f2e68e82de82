// The article in the form: title and text as they are tagged.

const fields = {
  title: document.getElementById("headline"),
  text: document.getElementById("text"),
};

export const article = () => ({ title: fields.title.value.trim(), text: fields.text.value.trim() });

// Puts an article into the form, as a visitor's own typing would.
export function fill({ title, text }) {
  for (const [name, value] of Object.entries({ title, text })) {
    fields[name].value = value;
    fields[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// What is wrong with an article, in a sentence; nothing if it can be tagged.
export function problem({ title, text }, limits) {
  if (!text && !title) return "Paste the text of an article first, or choose one of the examples.";
  for (const [name, value] of Object.entries({ title, text })) {
    const length = Array.from(value).length;
    const [has, may] = [length, limits[name]].map((count) => count.toLocaleString("en"));
    if (length > limits[name])
      return `The ${name} has ${has} characters; the limit is ${may}. Shorten it and try again.`;
  }
  return undefined;
}

// The first characters, up to a blank where there is one.
export function beginning(text, most) {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const first = characters.slice(0, most).join("");
  return first.replace(/\s+\S*$/u, "") || first;
}
