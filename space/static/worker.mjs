// The tagger, away from the page: loads its parts, then answers one request after the other. What
// goes in and out: README.md beside this file.
import { loadPyodide } from "./vendor/pyodide/pyodide.mjs";
import createOrt from "./vendor/ort/ort-wasm-simd-threaded.mjs";
import { Runtime } from "./ort.mjs";
import { Parts } from "./parts.mjs";

const GRAPHS = ["encoder", "decoder", "sentence encoder"];
const PYTHON = ["pyodide script", "pyodide", "python", "pyodide lock", "numpy", "tagloop"];

async function load() {
  const site = await (await fetch("./site.json")).json();
  const parts = new Parts(site, (part, loaded, total) =>
    postMessage({ type: "progress", part, loaded, total }));
  await parts.open();
  const python = startPython(site, parts);
  const starting = parts.get("ort").then((wasm) => Runtime.start(createOrt, wasm));
  const sessions = [];
  for (const [place, name] of GRAPHS.entries()) {
    const graph = parts.get(name);
    // The next one comes while this one is made ready.
    const next = graph.then(() => parts.get(GRAPHS[place + 1] ?? name));
    sessions.push(startSession(await starting, await graph));
    if (name === "encoder") await next; // the decoder is pieced together with bytes of it
    parts.free(name);
  }
  const { FS, pyimport } = await python;
  for (const { name } of site.parts.filter((part) => part.file)) {
    FS.mkdirTree(`/model/${name}`.replace(/[/][^/]*$/, ""));
    FS.writeFile(`/model/${name}`, await parts.get(name));
    parts.free(name);
  }
  const bridge = pyimport("bridge");
  const table = {};
  const read = (_, offset, size) => table.bytes.slice(offset, offset + size);
  const { repo, revision } = site.model;
  const tagger = bridge.start(await starting, sessions, read, repo, revision);
  return { site, parts, bridge, tagger, table };
}

async function startPython(site, parts) {
  const [script, wasm, library, lock, numpy, code] = await Promise.all(
    PYTHON.map((name) => parts.get(name)),
  );
  // Pyodide fetches by itself what is here already.
  const here = new Map([
    ["pyodide.asm.wasm", [wasm, "application/wasm"]],
    ["python_stdlib.zip", [library, "application/zip"]],
    ["pyodide-lock.json", [lock, "application/json"]],
    [site.numpy, [numpy, "application/zip"]],
  ]);
  const usual = self.fetch;
  self.fetch = (address, ...rest) => {
    const name = String(address.url ?? address).split("/").pop();
    if (!here.has(name)) return usual(address, ...rest);
    const [bytes, type] = here.get(name);
    return Promise.resolve(new Response(bytes, { headers: { "Content-Type": type } }));
  };
  try {
    const blob = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    await import(blob);
    URL.revokeObjectURL(blob);
    const indexURL = new URL("./vendor/pyodide/", self.location.href).href;
    const python = await loadPyodide({ indexURL });
    await python.loadPackage(indexURL + site.numpy, { checkIntegrity: false });
    python.unpackArchive(code, "zip", { extractDir: "/lib/tagloop" });
    python.runPython("import sys; sys.path.insert(0, '/lib/tagloop'); import bridge");
    return python;
  } finally {
    self.fetch = usual;
    for (const name of PYTHON) parts.free(name);
  }
}

function startSession(runtime, bytes) {
  const at = runtime.room(bytes.length);
  runtime.wasm.HEAPU8.set(bytes, at);
  return runtime.session(at, bytes.length);
}

async function answer({ parts, bridge, tagger, table }, request) {
  // Only lists of tags are compared by the model's own embeddings, which stand in its encoder.
  if (request.allowed_tags && !table.bytes) {
    table.bytes = await parts.get("encoder");
  }
  const found = JSON.parse(bridge.tag(tagger, JSON.stringify(request)));
  return { id: request.id, ...found };
}

// What the page is told of an error nobody foresaw: its kind, no more.
const sentence = (what, error) => `${what} (${String(error?.message ?? error).slice(0, 200)}).`;

const loading = load();
loading.then(
  ({ site }) => postMessage({ type: "ready", about: site.about }),
  (error) => postMessage({ type: "cannot", reason: sentence("The tagger could not be started here", error) }),
);
let last = loading.catch(() => {});
self.onmessage = ({ data }) => {
  last = last.then(async () => {
    try {
      const started = performance.now();
      const found = await answer(await loading, data);
      postMessage({ ...found, ms: Math.round(performance.now() - started) });
    } catch (error) {
      postMessage({ id: data.id, error: sentence("This article could not be tagged", error) });
    }
  });
};
