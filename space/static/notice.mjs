// What the page says, in the looks of the Gradio Space. All text is text, whatever it holds.

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Says a sentence in a place: kind is hint, busy, saved, waiting or problem. None clears it.
export function notice(place, kind, message, detail) {
  if (!message) return place.replaceChildren();
  const said = element("div", { class: `tl-notice tl-${kind}` }, element("p", {}, message));
  said.setAttribute("role", kind === "problem" ? "alert" : "status");
  if (detail) said.append(element("small", {}, detail));
  return place.replaceChildren(said);
}

// What stands where tags will be.
export function placeholder(place, message) {
  const ghosts = element("div", { class: "tl-ghosts", "aria-hidden": "true" });
  ghosts.append(...[1, 2, 3].map(() => element("span")));
  place.replaceChildren(element("div", { class: "tl-empty" }, ghosts, element("p", {}, message)));
}

// What the looks of the chips mean.
export function legend(place) {
  const key = (kind, means) => {
    const mark = element("i", { class: `tl-key tl-${kind}` });
    return element("span", {}, mark, means);
  };
  place.replaceChildren(
    element(
      "p",
      { class: "tl-legend" },
      key("present", "named in the article"),
      key("inferred", "inferred from its meaning"),
    ),
  );
}
