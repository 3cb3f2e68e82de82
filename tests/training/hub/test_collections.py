"""Collections through the unmodified client."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from training.hub import EmbeddedHub

from .plain_http import HTTP


def test_a_collection_is_made_filled_sorted_and_removed(
    api: HfApi, hub: EmbeddedHub, repo: str
) -> None:
    made = api.create_collection("Tags & more", description="What belongs together.")
    assert made.slug.startswith("demo/tags-more-") and made.items == []
    assert made.url == f"{hub.endpoint}/collections/{made.slug}"
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_collection("Tags & more")
    assert api.create_collection("Tags & more", exists_ok=True).slug == made.slug
    dataset = api.create_repo(repo + "-data", repo_type="dataset").repo_id
    api.add_collection_item(made.slug, repo, "model", note="The <b>tagger</b>.")
    full = api.add_collection_item(made.slug, dataset, "dataset")
    assert [(item.item_id, item.item_type, item.note) for item in full.items] == [
        (repo, "model", "The <b>tagger</b>."),
        (dataset, "dataset", None),
    ]
    with pytest.raises(HfHubHTTPError, match="409"):
        api.add_collection_item(made.slug, repo, "model")
    api.add_collection_item(made.slug, repo, "model", exists_ok=True)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.add_collection_item(made.slug, "demo/none", "model")
    api.update_collection_item(made.slug, full.items[1].item_object_id, position=0, note="First")
    first, second = api.get_collection(made.slug).items
    assert (first.item_id, first.note, second.item_id) == (dataset, "First", repo)
    page = HTTP.get(made.url)
    assert page.status_code == 200 and "The &lt;b&gt;tagger" in page.text
    api.move_repo(repo, repo + "-2")
    assert api.get_collection(made.slug).items[1].item_id == repo + "-2"
    api.delete_repo(repo + "-2")
    api.delete_collection_item(made.slug, first.item_object_id)
    api.delete_collection_item(made.slug, first.item_object_id, missing_ok=True)
    assert api.get_collection(made.slug).items == []
    changed = api.update_collection_metadata(made.slug, title="Other", theme="pink", position=0)
    assert (changed.title, changed.theme, changed.position) == ("Other", "pink", 0)
    assert changed.description == "What belongs together."
    assert api.get_collection(made.slug).slug == changed.slug, "the former slug leads there"
    api.delete_collection(changed.slug)
    api.delete_collection(changed.slug, missing_ok=True)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.get_collection(changed.slug)


def test_lists_show_what_one_may_see(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    hidden = api.create_repo(repo + "-hidden", private=True).repo_id
    mine = api.create_collection("Mixed")
    for item in (repo, hidden):
        api.add_collection_item(mine.slug, item, "model")
    secret = api.create_collection("Secret", private=True)
    other = HfApi(token=hub.accounts.token_of("other"))
    for client, titles, items in ((api, {"Mixed", "Secret"}, 2), (other, {"Mixed"}, 1)):
        # Other tests' publications have theirs.
        listed = client.list_collections(owner="demo")
        found = {one.title: one for one in listed if one.title in ("Mixed", "Secret")}
        assert set(found) == titles and len(found["Mixed"].items) == items
    assert [one.slug for one in api.list_collections(item=f"models/{repo}")] == [mine.slug]
    assert list(api.list_collections(owner="nobody")) == []
    assert len(list(api.list_collections(owner="demo", limit=1))) == 1
    for refused, status in (
        (lambda: other.get_collection(secret.slug), "404"),
        (lambda: other.delete_collection(mine.slug), "403"),
        (lambda: other.add_collection_item(mine.slug, repo, "model"), "403"),
        (lambda: other.create_collection("Theirs", namespace="demo"), "403"),
        (lambda: HfApi(token=False).delete_collection(mine.slug), "401"),
        (lambda: api.create_collection("x" * 61), "has 1 to 60 characters"),
    ):
        with pytest.raises(HfHubHTTPError, match=status):
            refused()
    for one in (mine, secret):
        api.delete_collection(one.slug)


def test_collections_outlive_the_server(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        repo = api.create_repo("kept").repo_id
        slug = api.create_collection("Kept").slug
        api.add_collection_item(slug, repo, "model", note="Here")
    with EmbeddedHub(tmp_path, port=hub.port):
        [item] = api.get_collection(slug).items
        assert (item.item_id, item.note) == (repo, "Here")
