"""Substack and Buttondown: a list of posts, and their texts in files."""

import json

import pytest

from tagloop.errors import UserError

from ..conftest import Opened

POSTS = """post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,\
podcast_url
123401.pier,2024-01-02T09:30:00.000Z,true,2024-01-02T09:31:00.000Z,,newsletter,everyone,\
"Pier, again",A day out,
123402.seeds,,false,,,newsletter,everyone,Seeds,,
123403.talk,2024-01-03T09:30:00.000Z,true,,,thread,everyone,Talk to us,,
123404.about,2024-01-03T09:30:00.000Z,true,,,page,everyone,About,,
123405.gone,2024-01-04T09:30:00.000Z,true,,,podcast,everyone,Gone,,
"""
PIER = "<h3>Winter</h3><p>The ferry runs twice a day.</p>"


def test_substack(opened: Opened) -> None:
    files = {
        "posts.csv": POSTS,
        "posts/123401.pier.html": PIER,
        "posts/123402.seeds.html": "<p>Later.</p>",
        "posts/123403.talk.html": "<p>Talk.</p>",
        "posts/123401.opens.csv": "post_id,email\n",
        "email_list.anna.csv": "email\n",
    }
    source, [pier, seeds, gone] = opened("substack.zip", files)
    assert source.kind == "substack"
    assert pier.where == "substack.zip/posts.csv:2"
    assert {name: pier.values[name] for name in ("title", "post_date", "is_published")} == {
        "title": "Pier, again",
        "post_date": "2024-01-02T09:30:00.000Z",
        "is_published": "true",
    }
    assert (pier.body, pier.markup, pier.problem) == (PIER, "html", "")
    assert (seeds.values["is_published"], seeds.body) == ("false", "<p>Later.</p>")
    assert gone.problem == "there is no file '123405.gone' for it"
    assert any("no tags" in note for note in source.notes)
    assert "Left out, since they are no articles: 1 thread, 1 page." in source.notes


def test_substack_without_its_list(opened: Opened) -> None:
    with pytest.raises(UserError, match=r"needs its posts\.csv"):
        opened("substack.zip", {"posts/123401.pier.html": PIER})


EMAILS = [
    {"id": "a-1", "secondary_id": 1, "subject": "Pier", "publish_date": "2024-01-02 16:55:00+00:00",
     "source": "app", "slug": "pier", "status": "sent"},
    {"id": "b-2", "secondary_id": 2, "subject": "Seeds", "publish_date": "", "source": "app",
     "slug": "seeds", "status": "draft"},
]  # fmt: skip
CSV = "id,subject,publish_date,slug,status\n" + "".join(
    f"{it['id']},{it['subject']},{it['publish_date']},{it['slug']},{it['status']}\n"
    for it in EMAILS
)


def test_buttondown_with_the_texts_in_its_list(opened: Opened) -> None:
    rows = 'a-1,Pier,"<!-- buttondown-editor-mode: fancy -->The **ferry**.",2024-01-02,sent,pier\n'
    for name, content in (
        ("emails.csv", "id,subject,body,publish_date,status,slug\n" + rows),
        ("emails.json", json.dumps({"results": [EMAILS[0] | {"body": "The **ferry**."}]})),
    ):
        source, [record] = opened(name, content)
        assert source.kind == "buttondown"
        assert (record.values["subject"], record.values["status"]) == ("Pier", "sent")
        assert (record.body, record.markup) == ("The **ferry**.", "markdown")


@pytest.mark.parametrize("index", [("emails.csv", CSV), ("emails.json", json.dumps(EMAILS))])
def test_buttondown(opened: Opened, index: tuple[str, str]) -> None:
    files = {
        f"export/{index[0]}": index[1],
        "export/emails/pier.md": "<!-- buttondown-editor-mode: plaintext -->The **ferry** runs.\n",
        "export/emails/seeds.md": "Later.\n",
        "export/subscribers.csv": "email\n",
    }
    source, [pier, seeds] = opened("buttondown.zip", files)
    assert source.kind == "buttondown"
    assert pier.values["subject"] == "Pier"
    assert pier.values["publish_date"] == "2024-01-02 16:55:00+00:00"
    assert (pier.body, pier.markup) == ("The **ferry** runs.\n", "markdown")
    assert (seeds.values["status"], seeds.body) == ("draft", "Later.\n")
