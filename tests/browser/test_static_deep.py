"""A hundred articles in a browser as under Python, and the graphs in plain transformers.js."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from transformers import AutoTokenizer

from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.model_folder import load_vocabulary
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.browser.chromium import ask
from training.bench.browser.server import StaticServer
from training.cards.model_snippets import browser_snippet
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.display_forms import save_display_forms
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.preprocess import BUNDLED_BASE
from training.publish.static.graphs import load_onnx_tagger, write_graphs
from training.publish.static.site import Model, write_site
from training.publish.static.vendor import npm_files

from ..training.tiny_models import starter_articles

pytestmark = pytest.mark.slow
ARTICLES = starter_articles()[::2][:100]
TRANSFORMERS_JS = {
    ("@huggingface/transformers", "4.3.2"): {
        "dist/transformers.min.js": (
            "8b5a3171f8876bab2b1820a7d65eb87628e3d30bb5ea85b9dd398e76eb34decb"
        ),
    },
    ("onnxruntime-web", "1.31.0-dev.20260914-8d85527a0"): {
        "dist/ort-wasm-simd-threaded.asyncify.mjs": (
            "0966b6105cd936744498aa60df7a22cbd47af3374dbc64a9ab561c08a71e3611"
        ),
        "dist/ort-wasm-simd-threaded.asyncify.wasm": (
            "49871f5a4409519797e127440868a6d1923339d9185907f301a5b2a1d90af082"
        ),
    },
}
"""With the sha256 of each file."""
PAGE = """<script type="module">
import { AutoTokenizer, AutoModelForSeq2SeqLM, env } from "./dist/transformers.min.js";
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/";
env.backends.onnx.wasm.wasmPaths = "/dist/";
env.backends.onnx.wasm.numThreads = 1;
window.generate = async (text) => {
  const tokenizer = await AutoTokenizer.from_pretrained("tagger");
  const options = { dtype: "q8", device: "wasm" };
  const model = await AutoModelForSeq2SeqLM.from_pretrained("tagger", options);
  const inputs = await tokenizer(text, { truncation: true, max_length: 256 });
  return (await model.generate(inputs)).tolist()[0].map(Number);
};
</script>"""
CARDS = """<script type="importmap">
{ "imports": { "@huggingface/transformers": "./dist/transformers.min.js" } }
</script>
<script type="module">
import { env } from "@huggingface/transformers";
env.localModelPath = "/none/";
env.remoteHost = location.origin;
env.remotePathTemplate = "{model}/{revision}/";
env.backends.onnx.wasm.wasmPaths = "/dist/";
env.backends.onnx.wasm.numThreads = 1;
</script>
<script type="module">
%s
</script>"""
"""What stands in a model's card, with this server in place of the Hub."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled base with the starter corpus for its memory."""
    folder = Path(shutil.copytree(BUNDLED_BASE, tmp_path_factory.mktemp("deep") / "tagger"))
    articles = starter_articles()
    vocabulary = Vocabulary.from_tag_lists([article["tags"] for article in articles])
    (folder / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    convert_sentence_encoder(folder)
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), SentenceEncoder.load(folder)
    save_neighbours(fit_neighbours(articles, tokenizer, vocabulary, encoder), folder)
    write_graphs(folder)
    return folder


@pytest.fixture(scope="module")
def tagger(model: Path) -> Tagger:
    return load_onnx_tagger(model)


@pytest.fixture(scope="module")
def site(model: Path, tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with StaticServer(model).running() as hub:
        pinned = Model(model, "me/tagger", "c0ffee", hub.url)
        folder = write_site(tmp_path_factory.mktemp("site") / "space", pinned, tagger)
        with StaticServer(folder).running() as server:
            yield server.url


@pytest.mark.timeout(900)
def test_a_hundred_articles_have_python_s_tags(browser: Browser, site: str, tagger: Tagger) -> None:
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.goto(site)
    page.evaluate("() => tagger.ready")
    for article in ARTICLES:
        found = ask(page, article["title"], article["text"])["tags"]
        expected = tagger.tag(article["text"], article["title"])
        assert [tag["tag"] for tag in found] == [tag.tag for tag in expected], article["title"]
        sure = [tag.confidence for tag in expected]
        assert [tag["confidence"] for tag in found] == pytest.approx(sure, abs=2e-4)
    page.close()


@pytest.fixture
def transformers_js(tmp_path: Path) -> Path:
    """A folder to serve, with the library under ``dist``."""
    for (name, version), files in TRANSFORMERS_JS.items():
        for place, content in npm_files(name, version, {file: file for file in files}).items():
            assert hashlib.sha256(content).hexdigest() == files[place]
            (tmp_path / "dist").mkdir(exist_ok=True)
            (tmp_path / place).write_bytes(content)
    return tmp_path


def generated(tagger: Tagger, article: dict[str, Any]) -> list[int]:
    ids = [tagger.input_ids(article)]
    [written] = tagger.generator.generate(ids, tagger.settings.max_new_tokens)
    return list(written.ids)


@pytest.mark.timeout(600)
def test_plain_transformers_js_generates_with_the_graphs(
    browser: Browser, model: Path, tagger: Tagger, transformers_js: Path
) -> None:
    shutil.copytree(model, transformers_js / "tagger")
    (transformers_js / "index.html").write_text(PAGE)
    article = ARTICLES[0]
    prompt = tagger.settings.prompt(article["title"], article["text"])
    with StaticServer(transformers_js).running() as server:
        page = browser.new_page()
        page.set_default_timeout(300_000)
        page.goto(server.url)
        page.wait_for_function("() => Boolean(window.generate)")
        ids = page.evaluate("(text) => generate(text)", prompt)
        page.close()
    special = set(tagger.tokenizer.all_special_ids)
    assert [id for id in ids if id not in special] == generated(tagger, article)


@pytest.mark.timeout(600)
def test_the_cards_lines_print_the_tags(
    browser: Browser, model: Path, tagger: Tagger, transformers_js: Path
) -> None:
    """In a page that stands for the Hub; tags are spelled as in Python."""
    published = Path(shutil.copytree(model, transformers_js / "me" / "blog-tagger" / "v1.0.0"))
    save_display_forms(published, load_vocabulary(published))
    # transformers.js asks `main` whether there is a tokenizer, then fetches the revision's.
    published.with_name("main").mkdir()
    shutil.copy(published / "tokenizer_config.json", published.with_name("main"))
    article = ARTICLES[0]
    text = article["text"][:300]
    lines = (
        browser_snippet("me/blog-tagger", "v1.0.0", tagger.settings, article["title"], text)
        .removeprefix("```js\n")
        .removesuffix("\n```")
    )
    (transformers_js / "index.html").write_text(CARDS % lines, encoding="utf-8")
    with StaticServer(transformers_js).running() as server:
        page = browser.new_page()
        page.set_default_timeout(300_000)
        with page.expect_console_message(lambda message: message.type == "log") as told:
            page.goto(server.url)
        printed = told.value.text
        page.close()
    ids = generated(tagger, {"title": article["title"], "text": text})
    tokenizer = AutoTokenizer.from_pretrained(published)
    assert printed == tokenizer.decode(ids, skip_special_tokens=True) != ""
