"""A dataset of the Hub tagged and published: what is in it, its card, and what is refused."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import datasets
import pytest
from huggingface_hub import DatasetCard, HfApi
from huggingface_hub.errors import HfHubHTTPError

from dataset_card.check import check_card

from .conftest import LIST, LongWords, Run

FEATURES = datasets.Features(
    {
        "n": datasets.Value("int32"),
        "headline": datasets.Value("string"),
        "body": datasets.Value("string"),
        "topic": datasets.ClassLabel(names=["food", "money"]),
        "when": datasets.Value("timestamp[us]"),
    }
)


@pytest.fixture(scope="module")
def source(hub_namespace: str) -> str:
    """Returns a dataset with two splits and an article without a text."""
    when = datetime.datetime(2020, 1, 2)
    rows = [
        {"n": n, "headline": f"T {n}", "body": "Saffron rises.", "topic": n % 2, "when": when}
        for n in range(9)
    ]
    rows[3]["body"] = None
    splits = {"train": rows[:6], "test": rows[6:]}
    made = {name: datasets.Dataset.from_list(of, FEATURES) for name, of in splits.items()}
    datasets.DatasetDict(made).push_to_hub(f"{hub_namespace}/posts", private=True)
    return f"{hub_namespace}/posts"


def test_a_dataset_is_tagged_and_published(
    tag: Run, long_words: LongWords, source: str, hub_namespace: str
) -> None:
    target = f"{hub_namespace}/posts-tagged"
    words = (source, "--push", target, "--max-tags", "4")
    ran = tag(*words)
    assert ran.status == 0 and ran.lines[0].endswith(f"/datasets/{target}")
    assert "8 of 9 articles tagged" in ran.said and "v1.0.0" in ran.said
    info = HfApi().dataset_info(target)
    assert info.private
    found = datasets.load_dataset(target, revision="v1.0.0")
    assert {name: len(split) for name, split in found.items()} == {"train": 6, "test": 3}
    features = found["train"].features
    assert [features[name] for name in ("n", "when")] == [FEATURES["n"], FEATURES["when"]]
    assert found["train"][1] | {"when": 0} == {
        "n": 1,
        "headline": "T 1",
        "body": "Saffron rises.",
        "topic": "money",
        "when": 0,
        "tags": ["Saffron"],
        "confidences": [0.8],
        "error": None,
    }
    assert found["train"][3]["error"] == "it has no text" and found["train"][3]["tags"] == []
    ran = tag(*words)
    assert "unchanged: " in ran.said and HfApi().dataset_info(target).sha == info.sha
    assert not list(Path.cwd().glob("build/tag/*/*/dataset*"))


def test_the_card_says_who_tagged_what(
    tag: Run, long_words: LongWords, source: str, hub_namespace: str, tiny_tagger: Path
) -> None:
    target = f"{hub_namespace}/posts-by-tiny"
    assert tag(source, "--push", target, "--model", tiny_tagger, *LIST).status == 0
    card = DatasetCard.load(target)
    check_card(card.content)
    commit = str(HfApi().dataset_info(source).sha)
    text = " ".join(card.text.split())
    assert f"9 articles of [{source}](" in text and f"`{commit}`, 8 of them" in text
    assert "with tags that the model `tiny` gave them. No person has looked at these" in text
    assert "| Saffron | 8 |" in text and "| `topic` | `string` | as in the source |" in text
    assert "| `tags` | `list of string` | the model's tags, the surest first |" in text
    assert f"| it has no text | 1 | {source}@{commit[:12]}:train:4: it has no text |" in text
    assert 'allowed tags \\["Bread", "Banking", "Night Trains"\\]' in text
    assert f"python -m training.tag {source} --push {target} --model tiny" in text
    assert str(tiny_tagger.parent) not in card.content
    assert card.data.to_dict()["license"] == "unknown"
    assert card.data.to_dict()["size_categories"] == ["n<1K"]


def test_without_a_push_it_is_parquet(tag: Run, long_words: LongWords, source: str) -> None:
    ran = tag(f"{source}@main", "--limit", "4")  # read row by row, none beyond is fetched
    assert ran.out == "posts-tagged.parquet\n" and "3 of 4 articles tagged" in ran.said
    found = datasets.Dataset.from_parquet("posts-tagged.parquet")
    assert found["n"][:] == [0, 1, 2, 3] and found["topic"][:2] == ["food", "money"]


def test_a_model_of_the_hub_is_named_with_its_revision(
    tag: Run, tiny_tagger: Path, hub_namespace: str
) -> None:
    repo, api = f"{hub_namespace}/tiny-tagger", HfApi()
    api.create_repo(repo, private=True)
    commit = api.upload_folder(repo_id=repo, folder_path=tiny_tagger).oid
    api.create_tag(repo, tag="v1.0.0")
    Path("post.md").write_text("# Bread\n\nBread rises.\n")
    ran = tag("post.md", "--model", f"{repo}@v1.0.0", *LIST, "--json")
    assert json.loads(ran.out)["model"] == {"name": repo, "revision": commit}
    assert f"model: {repo}@{commit[:10]}\n" in ran.said
    ran = tag("post.md", "--model", f"{repo}@v9.9.9")
    assert ran.status == 2 and f"The model {repo} has no revision v9.9.9." in ran.said


@pytest.mark.parametrize(
    ("place", "push", "sentence"),
    [
        ("posts", "posts-tagged-too", "who may not publish as somebody; take a name of"),
        ("posts", "posts", "/posts is taken: that dataset exists"),
        ("nothing", "", "neither a file or folder here nor a dataset on the Hub"),
        ("posts", "no-owner", "--push no-owner: name a dataset as owner/name."),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_tagged(
    tag: Run,
    long_words: LongWords,
    source: str,
    hub_namespace: str,
    place: str,
    push: str,
    sentence: str,
) -> None:
    owner = {"posts-tagged-too": "somebody/", "no-owner": ""}.get(push, f"{hub_namespace}/")
    words = ["--push", f"{owner}{push}"] if push else []
    ran = tag(f"{hub_namespace}/{place}", *words)
    assert ran.status == 2 and sentence in ran.said.splitlines()[-1]
    assert not long_words.read


def test_a_refused_push_keeps_what_is_tagged(
    tag: Run,
    long_words: LongWords,
    source: str,
    hub_namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        import httpx2

        request = httpx2.Request("POST", "http://127.0.0.1/api")
        raise HfHubHTTPError("no more room", response=httpx2.Response(507, request=request))

    words = (source, "--push", f"{hub_namespace}/posts-refused")
    with monkeypatch.context() as patch:
        patch.setattr(HfApi, "create_commit", refuse)
        ran = tag(*words)
    assert ran.status == 2 and "The Hub refused" in ran.said
    read = len(long_words.read)
    assert tag(*words).status == 0 and len(long_words.read) == read == 8
