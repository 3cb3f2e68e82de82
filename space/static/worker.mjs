// The tagger, away from the page: loads its parts, then answers one request after the other. What
// goes in and out: README.md beside this file.
import { loadPyodide } from "./vendor/pyodide/pyodide.mjs";
import createOrt from "./vendor/ort/ort-wasm-simd-threaded.mjs";
import { Runtime } from "./ort.mjs";
import { Parts } from "./parts.mjs";

const GRAPHS = ["encoder", "decoder", "sentence encoder"];
const INDEX = new URL("./vendor/pyodide/", self.location.href).href;
const WITHOUT_NUMPY = `
import sys
sys.path.insert(0, "/lib/tagloop")
import ast, bisect, concurrent.futures, contextlib, ctypes, datetime, inspect, json, numbers, pickle
import platform, re, secrets, tempfile, textwrap, unicodedata, warnings, zipfile
import tagloop.generation.wordpiece, tagloop.text.sentences, tagloop.text.stop_words
import tagloop.vocabulary.vocabulary
import gc
gc.collect()
`;
const PYTHON = ["pyodide script", "pyodide", "python", "pyodide lock", "numpy", "tagloop"];

async function load() {
  const site = await (await fetch("./site.json")).json();
  const parts = new Parts(site, (part, loaded, total) =>
    postMessage({ type: "progress", part, loaded, total }));
  await parts.open();
  const python = startPython(site, parts);
  const runtime = await Runtime.start(createOrt, await parts.get("ort"));
  const sessions = [];
  let graph = parts.get(GRAPHS[0]);
  for (const [place, name] of GRAPHS.entries()) {
    const bytes = await graph;
    // The next one comes while this one is made ready; the decoder is pieced together with bytes
    // of the encoder.
    graph = parts.get(GRAPHS[place + 1] ?? name);
    sessions.push(startSession(runtime, bytes));
    if (name === "encoder") await graph;
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
  const tagger = bridge.start(runtime, sessions, read, repo, revision);
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
    const python = await startInterpreter(parts, code);
    await python.loadPackage(INDEX + site.numpy, { checkIntegrity: false });
    python.runPython("import bridge");
    return python;
  } finally {
    self.fetch = usual;
    for (const name of PYTHON) parts.free(name);
  }
}

// Starts Python as it was on the first visit when all that needs no numpy had been imported: that
// takes seconds, and a copy of its memory a tenth. A browser that cannot use the copy starts anew.
async function startInterpreter(parts, code) {
  const unpack = (python) => python.unpackArchive(code, "zip", { extractDir: "/lib/tagloop" });
  const memory = await parts.memory();
  if (memory) {
    try {
      const python = await loadPyodide({ indexURL: INDEX, _loadSnapshot: memory });
      unpack(python);
      return python;
    } catch {
      await parts.keepMemory(undefined);
    }
  }
  const python = await loadPyodide({ indexURL: INDEX, _makeSnapshot: true });
  unpack(python);
  python.runPython(WITHOUT_NUMPY);
  await parts.keepMemory(python.makeMemorySnapshot());
  return python;
}

function startSession(runtime, bytes) {
  const at = runtime.room(bytes.length);
  runtime.wasm.HEAPU8.set(bytes, at);
  return runtime.session(at, bytes.length);
}

async function answer({ parts, bridge, tagger, table }, request) {
  // Only lists of tags are compared by the model's own embeddings, which stand in its encoder.
  if ((request.allowed_tags || request.allowed_list?.trim()) && !table.bytes) {
    table.bytes = await parts.get("encoder");
  }
  const found = JSON.parse(bridge.answer(tagger, JSON.stringify(request)));
  return { id: request.id, ...found };
}

// What the page is told of an error nobody foresaw: its kind where it is Python's, no more.
const sentence = (what, error) =>
  `${what} (${error?.type ?? String(error?.message ?? error).slice(0, 200)}).`;

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
      postMessage({ id: data.id, error: sentence("This could not be done", error) });
    }
  });
};
