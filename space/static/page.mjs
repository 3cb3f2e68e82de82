// The page: an article in, its tags as chips out, from whatever an article may come.
import { showAbout } from "./about.mjs";
import { article, fill, problem } from "./article.mjs";
import { startCorrections } from "./corrections.mjs";
import { fileDrop, pageDrop } from "./drop.mjs";
import { Editor } from "./editor.mjs";
import { showExamples } from "./examples.mjs";
import { linkTo, linked } from "./link.mjs";
import { loaded, progress } from "./loading.mjs";
import { legend, notice, placeholder } from "./notice.mjs";
import { allowOnly, options, showDefaults } from "./options.mjs";
import { readArticle, readText } from "./reading.mjs";
import { Tagger, unable } from "./tagger.mjs";

const $ = (id) => document.getElementById(id);
const LATER = "The tagger is still loading: this begins as soon as it is here.";
const NONE_SURE = "No tag is certain enough. Lower the least confidence, or add tags yourself.";
const STORED =
  "These tags were stored with the page; your own articles are tagged when the tagger is here.";

const reason = unable();
const tagger = reason ? undefined : new Tagger(progress);
self.tagger = tagger;

const site = await (await fetch("./site.json")).json();
const { limits } = site;
const editor = new Editor($("editor"), limits.tags, () =>
  document.dispatchEvent(new CustomEvent("tags")),
);
let tagged = null; // the article whose tags are shown
let turn = 0; // of what was asked for last: older answers are not shown
let ready = false;

// What a correction is about, or null: the article as it was tagged, its tags as they were
// suggested and as the visitor left them. A "tags" event of the document says that it changed.
export const current = () => tagged && { ...tagged, suggested: editor.suggested, tags: editor.tags };

async function suggest(said = "") {
  if (!tagger) return;
  const asked = article();
  const wrong = problem(asked, limits);
  if (wrong) return notice($("hint"), asked.text || asked.title ? "problem" : "hint", wrong);
  const mine = ++turn;
  notice($("hint"), "hint", said);
  notice($("result"), "busy", "Reading the article …", ready ? "" : LATER);
  try {
    const wanted = options(limits);
    const { tags } = await tagger.ask({ type: "tag", ...asked, ...wanted });
    if (mine !== turn) return;
    show(asked, tags);
    const names = tags.map(({ tag }) => tag);
    const { max_windows } = wanted;
    const { evidence } = await tagger.ask({ type: "explain", ...asked, tags: names, max_windows });
    if (mine === turn) editor.explain(asked, evidence);
  } catch (error) {
    if (mine !== turn) return;
    notice($("hint"), "problem", error.message);
    if (tagged) legend($("result"));
    else show(null);
  }
}

const isTagged = ({ title, text }) => tagged?.title === title && tagged.text === text;

// Shows an article's tags; without an article, what stands there before.
function show(asked, tags) {
  tagged = asked;
  editor.show(asked && tags);
  if (!asked) placeholder($("result"), "Tags appear here.");
  else if (tags.length) legend($("result"));
  else notice($("result"), "hint", NONE_SURE);
  // On a phone the result stands below the form.
  if (asked) $("result").scrollIntoView({ block: "nearest" });
}

function choose({ title, text, tags }) {
  fill({ title, text });
  if (ready) suggest();
  else {
    turn++;
    const asked = article();
    show(asked, tags);
    editor.explain(
      asked,
      tags.map((tag) => tag.evidence),
    );
    notice($("hint"), "hint", tagger ? STORED : "");
  }
}

async function open(file) {
  const mine = ++turn;
  notice($("hint"), "busy", "Reading the file …", ready ? "" : LATER);
  try {
    const { note, ...found } = await readArticle(file, tagger, limits);
    if (mine !== turn) return;
    fill(found);
    await suggest(note);
  } catch (error) {
    if (mine === turn) notice($("hint"), "problem", error.message);
  }
}

async function openList(file) {
  try {
    allowOnly(await readText(file, limits));
    notice($("hint"));
  } catch (error) {
    notice($("hint"), "problem", error.message);
  }
}

async function openLink() {
  try {
    const found = await linked(location.hash, limits);
    if (!found) return;
    fill(found);
    await suggest();
    if (found.tags && isTagged(article())) editor.take(found.tags);
  } catch (error) {
    notice($("hint"), "problem", error.message);
  }
}

async function copyLink() {
  const wrong = problem(article(), limits);
  if (wrong) return notice($("hint"), "hint", wrong);
  const shown = article();
  const link = await linkTo({ ...shown, tags: isTagged(shown) ? editor.tags : undefined });
  try {
    await navigator.clipboard.writeText(link);
    notice($("hint"), "hint", "The link is copied.");
  } catch {
    window.prompt("Copy the link:", link);
  }
}

function clear() {
  turn++;
  // Nor does the address hold an article any more.
  history.replaceState(null, "", location.pathname + location.search);
  fill({ title: "", text: "" });
  notice($("hint"));
  show(null);
  $("headline").focus();
}

function cannot(sentence) {
  loaded(sentence);
  $("suggest").disabled = true;
  $("drop").hidden = $("options").hidden = true;
}

async function start() {
  await tagger.ready;
  ready = true;
  loaded(navigator.serviceWorker ? "Ready. It also works offline." : "Ready.");
  const model = await tagger.ask({ type: "model" });
  editor.fixed.vocabulary = model.vocabulary;
  showDefaults(model);
}

navigator.serviceWorker?.register("./service-worker.mjs", { type: "module" }).catch(() => {});
show(null);
showAbout($("about"), site);
showExamples($("examples"), choose);
startCorrections({ section: $("correct"), current, site });
$("form").onsubmit = (event) => {
  event.preventDefault();
  suggest();
};
$("clear").onclick = clear;
$("copy-link").onclick = copyLink;
fileDrop($("list"), openList);
if (tagger) {
  fileDrop($("drop"), open);
  pageDrop(open);
  start().catch((error) => cannot(error.message));
} else cannot(reason);
self.addEventListener("hashchange", openLink);
openLink();
