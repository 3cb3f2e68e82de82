from ..conftest import Opened

POST = """<!DOCTYPE html><html><head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>Pier</title><style>body {{ margin: 0 }}</style></head><body><article class="h-entry">
<header><h1 class="p-name">Pier</h1></header>
<section data-field="subtitle" class="p-summary">A day out</section>
<section data-field="body" class="e-content">
<section name="1" class="section section--body section--first"><div class="section-content">
<h3 name="2" class="graf graf--h3 graf--leading graf--title">Pier</h3>
<p name="3" class="graf graf--p">The ferry runs twice a day.</p></div></section>
<section name="4" class="section section--body"><p class="graf">In winter once.</p></section>
</section>
<footer>{tags}<p>By <a href="https://medium.com/@anna" class="p-author h-card">Anna</a> on
<a href="https://medium.com/p/abc"><time class="dt-published" datetime="2018-08-11T11:23:34.123Z">
August 11, 2018</time></a>.</p>
<p><a href="https://medium.com/@anna/pier-efef12121212" class="p-canonical">Canonical link</a></p>
</footer></article></body></html>"""
TAGS = (
    '<p class="p-tags">Tagged in <a class="p-tag" href="#">Boats</a>, <a class="p-tag">Sea</a></p>'
)
NAME = "medium-export/posts/2018-08-11_Pier-efef12121212.html"


def test_posts_and_drafts(opened: Opened) -> None:
    files = {
        NAME: POST.format(tags=TAGS),
        "medium-export/posts/draft_Seeds-ab12ab12ab12.html": POST.format(tags=""),
        "medium-export/posts/2019-01-01_Empty-ab12ab12ab13.html": "",
        "medium-export/claps/claps-0001.html": "<p>x</p>",
    }
    source, [pier, empty, draft] = opened("medium.zip", files)
    assert source.kind == "medium"
    assert pier.where == f"medium.zip/{NAME}"
    assert pier.values == {
        "title": "Pier",
        "tags": ["Boats", "Sea"],
        "url": "https://medium.com/@anna/pier-efef12121212",
        "published": "2018-08-11T11:23:34.123Z",
        "status": "published",
    }
    assert pier.body is not None and pier.markup == "html"
    assert "The ferry runs twice a day." in pier.body and "In winter once." in pier.body
    assert "Pier" not in pier.body and "Canonical" not in pier.body
    assert (draft.values["status"], draft.draft) == ("draft", "it is a draft of Medium")
    assert empty.problem
    assert source.left_out["files of Medium besides the posts"] == 1
    assert source.notes == []


def test_an_export_without_tags_says_so(opened: Opened) -> None:
    source, [pier] = opened("medium.zip", {NAME: POST.format(tags="")})
    assert pier.values["tags"] == []
    assert source.notes[0].startswith("This Medium export has no tags")


def test_the_folder_of_its_posts_alone(opened: Opened) -> None:
    files = {
        "2018-08-11_Pier-efef12121212.html": POST.format(tags=TAGS),
        "draft_Seeds-ab12ab12ab12.html": POST.format(tags=""),
    }
    source, records = opened("posts.zip", files)
    assert source.kind == "medium"
    assert [bool(record.draft) for record in records] == [False, True]
