// Articles to try, with the tags that Python gave them when the Space was made.
import { element } from "./notice.mjs";

// chosen: is called with {title, text, tags}, each tag with its evidence.
export async function showExamples(place, chosen) {
  const { examples } = await (await fetch("./examples.json")).json();
  place.replaceChildren(
    ...examples.map((example) => {
      const button = element("button", { type: "button" }, example.title);
      button.onclick = () => chosen(example);
      return button;
    }),
  );
}
