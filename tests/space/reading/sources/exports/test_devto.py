import json

from ..conftest import Opened

ARTICLES = [
    {
        "title": "Pier", "slug": "pier-1", "body_markdown": "The *ferry* runs.",
        "cached_tag_list": "boats, winter", "published": True,
        "published_at": "2024-01-02T09:30:00Z", "created_at": "2024-01-01T00:00:00Z",
        "canonical_url": "https://h.example/pier", "language": "en",
    },
    {
        "title": "Seeds", "published": True, "published_at": None,
        "body_markdown": "---\ntitle: Seeds, twice\npublished: false\ntags: garden\n---\n\nLater.",
    },
    {"type_of": "article", "id": 3, "title": "Loaf", "body_markdown": "Bread.",
     "tag_list": ["bread", "ovens"], "url": "https://dev.to/anna/loaf"},
    {"body_markdown": "Nice!", "commentable_path": "/anna/pier-1"},
]  # fmt: skip


def test_articles_and_their_own_front_matter(opened: Opened) -> None:
    source, [pier, seeds, loaf] = opened("articles.json", json.dumps(ARTICLES))
    assert source.kind == "dev.to"
    assert pier.values == {
        "title": "Pier",
        "tags": "boats, winter",
        "url": "https://h.example/pier",
        "published": "2024-01-02T09:30:00Z",
        "language": "en",
    }
    assert (pier.body, pier.markup, pier.draft) == ("The *ferry* runs.", "markdown", "")
    assert (seeds.values["title"], seeds.draft) == ("Seeds, twice", "published: false")
    assert (seeds.body or "").strip() == "Later."
    assert (loaf.values["tags"], loaf.values["url"]) == (
        ["bread", "ovens"],
        "https://dev.to/anna/loaf",
    )
    assert source.notes == ["Left out, since they are no articles: 1 comment."]
