"""The pages: what they show, and what nobody can make them do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from training.hub import EmbeddedHub

from .plain_http import HTTP

HTML = {"Accept": "text/html"}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cf500f00038601805a347d6b0000000049454e44ae426082"
)
CARD = """---
license: mit
model-index:
- name: x
  results:
  - task: {type: summarization}
    dataset: {name: d, type: d}
    metrics: [{type: f1, name: F1@5, value: 0.4123}]
---
# A card

| a | b |
|---|---|
| 1 | 2 |

![chart](charts/tags.png) [file](folder/a.txt)
"""
HOSTILE = """---
language: "<script>document.title='owned'</script>"
tags: ["<img src=x onerror=document.title='owned'>"]
---
# Card <script>document.title='owned'</script>
<img src=x onerror="document.title='owned'"> <svg onload=document.title='owned'>
[click](javascript:document.title='owned') ![x](javascript:document.title='owned')
[data](data:text/html,<script>document.title='owned'</script>)
<iframe src="javascript:document.title='owned'"></iframe>
"""


def page(hub: EmbeddedHub, path: str, token: str | None = None) -> str:
    headers = {**HTML, **({"Authorization": f"Bearer {token}"} if token else {})}
    answer = HTTP.get(f"{hub.endpoint}{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    return answer.text


@pytest.fixture
def shown(api: HfApi, repo: str) -> str:
    api.create_commit(
        repo,
        [
            CommitOperationAdd("README.md", CARD.encode()),
            CommitOperationAdd("charts/tags.png", PIXEL),
            CommitOperationAdd("folder/a.txt", b"one\n<b>two</b>\n"),
            CommitOperationAdd("model.safetensors", b"\0" * 5000),
        ],
        commit_message="Everything",
    )
    api.create_tag(repo, tag="v1.0.0")
    return repo


def test_the_card_page(hub: EmbeddedHub, shown: str) -> None:
    text = page(hub, f"/{shown}")
    assert "<h1>A card</h1>" in text and "<td>1</td>" in text
    assert "license:mit" in text and "0.4123" in text and "v1.0.0" in text
    image = re.search(r'<img src="([^"]+)"', text)
    assert image is not None
    answer = HTTP.get(hub.endpoint + image.group(1))
    assert (answer.content, answer.headers["content-type"]) == (PIXEL, "image/png")
    link = re.search(r'<a href="([^"]+/folder/a.txt)"', text)
    assert link is not None
    assert "&lt;b&gt;two" in page(hub, link.group(1))


def test_files_history_and_commit_pages(hub: EmbeddedHub, api: HfApi, shown: str) -> None:
    files = page(hub, f"/{shown}/tree/main")
    assert "Everything" in files and "5.0 kB" in files and "LFS" in files
    assert "a.txt" in page(hub, f"/{shown}/tree/v1.0.0/folder")
    assert "Everything" in page(hub, f"/{shown}/commits/main")
    sha = api.model_info(shown).sha
    assert "+&lt;b&gt;two" in page(hub, f"/{shown}/commit/{sha}")
    assert "resolve/main/charts" in page(hub, f"/{shown}/blob/main/charts/tags.png")
    assert "Not shown here" in page(hub, f"/{shown}/blob/main/model.safetensors")


def test_discussion_pages(hub: EmbeddedHub, api: HfApi, shown: str) -> None:
    made = api.create_commit(
        shown,
        [CommitOperationAdd("folder/a.txt", b"three\n")],
        commit_message="Say three",
        commit_description="**because** <i>so</i>",
        create_pr=True,
    )
    assert "Say three" in page(hub, f"/{shown}/discussions")
    text = page(hub, f"/{shown}/discussions/{made.pr_num}")
    assert "<strong>because</strong> &lt;i&gt;" in text and "+three" in text


def test_the_front_page_shows_what_one_may_see(hub: EmbeddedHub, api: HfApi, shown: str) -> None:
    assert shown in page(hub, "/") and shown in page(hub, "/demo")
    api.update_repo_settings(shown, private=True)
    assert shown not in page(hub, "/")
    assert shown in page(hub, "/", hub.token)


def test_refusals_are_pages_too(hub: EmbeddedHub, shown: str) -> None:
    missing = HTTP.get(f"{hub.endpoint}/demo/nothing-here", headers=HTML)
    assert missing.status_code == 401
    assert "Repository not found" in missing.text
    assert "www-authenticate" not in missing.headers, "a wrong address must not ask for a token"
    assert HTTP.get(f"{hub.endpoint}/{shown}/blob/main/<b>", headers=HTML).status_code == 404
    asked = HTTP.get(f"{hub.endpoint}/sign-in", headers=HTML)
    assert (asked.status_code, "www-authenticate" in asked.headers) == (401, True)


def test_hostile_cards_do_nothing_in_a_browser(
    hub: EmbeddedHub, api: HfApi, repo: str, tmp_path: Path
) -> None:
    name = "<img src=x onerror=document.title='owned'>.md"
    api.create_commit(
        repo,
        [CommitOperationAdd("README.md", HOSTILE.encode()), CommitOperationAdd(name, b"x")],
        commit_message="<script>document.title='owned'</script>",
    )
    for path in ("", "/tree/main", "/commits/main", "/commit/main"):
        text = page(hub, f"/{repo}{path}")
        for tag in re.findall(r"<(img|svg|iframe|a)\b([^>]*)>", text):
            assert " on" not in tag[1] and "javascript:" not in tag[1], tag
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={tmp_path}",
            "--virtual-time-budget=2000",
            "--dump-dom",
            f"{hub.endpoint}/{repo}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"<title>{repo}</title>" in done.stdout
