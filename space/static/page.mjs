// A minimal page: an article in, tags out, and the stored answers where nothing can be computed.
import { Tagger, unable } from "./tagger.mjs";

const $ = (id) => document.getElementById(id);
const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

function show(tags) {
  $("tags").replaceChildren(
    ...tags.map(({ tag, confidence }) => {
      const item = document.createElement("li");
      item.textContent = `${tag} ${Math.round(confidence * 100)} %`;
      return item;
    }),
  );
}

async function showExamples() {
  const { examples } = await (await fetch("./examples.json")).json();
  $("examples").replaceChildren(
    ...examples.map(({ title, text, tags }) => {
      const button = document.createElement("button");
      button.textContent = title;
      button.onclick = () => {
        $("title").value = title;
        $("text").value = text;
        show(tags);
      };
      return button;
    }),
  );
}

function cannot(sentence) {
  $("state").textContent = sentence;
  $("suggest").disabled = true;
}

function start() {
  const tagger = new Tagger(({ part, loaded, total }) => {
    $("state").textContent = `Loading: ${part}, ${megabytes(loaded)} of ${megabytes(total)} MB`;
  });
  tagger.ready.then(
    ({ version }) => ($("state").textContent = `Ready: ${version}`),
    (error) => cannot(error.message),
  );
  $("form").onsubmit = async (event) => {
    event.preventDefault();
    $("suggest").disabled = true;
    try {
      await tagger.ready;
      const { tags, ms } = await tagger.ask({ type: "tag", title: $("title").value, text: $("text").value });
      show(tags);
      $("state").textContent = `${tags.length} tags in ${ms} ms`;
    } catch (error) {
      $("state").textContent = error.message;
    } finally {
      $("suggest").disabled = false;
    }
  };
  self.tagger = tagger;
}

navigator.serviceWorker?.register("./service-worker.mjs", { type: "module" }).catch(() => {});
showExamples();
const reason = unable();
if (reason) cannot(reason);
else start();
