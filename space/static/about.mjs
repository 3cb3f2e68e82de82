// What runs here, how good it is, and where what is pasted goes.
import { element } from "./notice.mjs";

const FIGURES = { "f1@m": "F1@M, all suggested tags", "precision@1": "Precision of the first tag" };

export function showAbout(place, site) {
  const { repo, revision, base } = site.model;
  const hub = base.split("/resolve/")[0];
  const model = [repo, " "];
  if (hub !== base) {
    const address = `${hub}/tree/${revision}`;
    model[0] = element("a", { href: address, target: "_blank", rel: "noopener" }, repo);
  }
  model.push(element("code", {}, revision.slice(0, 7)));
  const megabytes = Math.round(site.parts.reduce((sum, part) => sum + part.wire, 0) / 1e6);
  place.replaceChildren(
    element("h2", {}, "What runs here"),
    rows({
      Model: model,
      Version: [site.about.version ?? "not stated"],
      "Runs on": [
        `this browser: Tagloop's Python in Pyodide, ONNX Runtime Web; ${megabytes} MB, loaded once`,
      ],
      Licence: [
        "Apache-2.0 (this page); ",
        element("a", { href: "vendor/LICENSES.md" }, "what it is made of"),
        "; see the model's card for its own",
      ],
    }),
    element("h2", {}, "How good it is"),
    ...quality(site.about),
    element("h2", {}, "What happens to your text"),
    element(
      "p",
      {},
      "It stays in this browser: no server sees it, and nothing of it is stored, unless you send " +
        "a correction, which asks you first. A link to an article holds the article itself, after " +
        "its #, which browsers do not send; whoever has the link can read it.",
    ),
  );
}

function rows(named) {
  const list = element("dl");
  for (const [name, value] of Object.entries(named))
    list.append(element("dt", {}, name), element("dd", {}, ...value));
  return list;
}

function quality(about) {
  const figures = Object.entries(FIGURES).filter(([name]) => typeof about[name] === "number");
  if (!figures.length) return [element("p", {}, "This model has no measurements with it.")];
  const articles = about.articles ? `${about.articles.toLocaleString("en")} articles` : "articles";
  const said =
    `Measured as it runs here, on ${articles} that it never saw, against the tags that their ` +
    "authors chose.";
  return [
    element("p", {}, said),
    rows(Object.fromEntries(figures.map(([name, means]) => [means, [about[name].toFixed(3)]]))),
  ];
}
