// What the pictures and the list of articles do when they are used; runs once in the element.
//
// [data-tags]   a JSON list: filter by these tags, with data-more by those chosen before as well.
// [data-page]   turn to this page.
// unread        What is said, in each language, where a text could not be read.
// [data-place]  details that read the beginning of an article when they are opened first.
element.addEventListener("click", (event) => {
  const picked = event.target.closest("[data-tags]");
  if (picked) {
    trigger("pick", { tags: JSON.parse(picked.dataset.tags), more: "more" in picked.dataset });
    return;
  }
  const turned = event.target.closest("[data-page]");
  if (turned) trigger("turn", { page: Number(turned.dataset.page) });
});

const show = (box, answer) => {
  const line = (name, text) => {
    const node = document.createElement("p");
    node.className = name;
    node.dir = "auto";
    node.textContent = text;
    return node;
  };
  if (answer.problem) { box.replaceChildren(line("tl-read-note", answer.problem)); return; }
  const paragraphs = answer.text.split(/\n{2,}/).filter((text) => text.trim());
  box.replaceChildren(...paragraphs.map((text) => line("tl-paragraph", text)), line("tl-read-note", answer.note));
};
// "toggle" does not bubble, but it can be caught on its way down.
element.addEventListener("toggle", async (event) => {
  const details = event.target;
  if (!details.open || !details.dataset.place || details.dataset.read) return;
  details.dataset.read = "1";
  const box = details.querySelector(".tl-opened");
  try {
    const answer = await server.opened(details.dataset.place);
    if (answer.problem) delete details.dataset.read; // opening it again tries again
    show(box, answer);
  } catch (error) {
    delete details.dataset.read;
    show(box, { problem: unread[document.documentElement.lang.split("-")[0]] || unread.en });
  }
}, true);
