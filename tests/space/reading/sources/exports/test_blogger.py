from ..conftest import Opened

OLD = """<?xml version='1.0' encoding='UTF-8'?>
<?xml-stylesheet href="http://www.blogger.com/styles/atom.css" type="text/css"?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'>
<id>tag:blogger.com,1999:blog-1.archive</id><title type='text'>Harbour notes</title>
<entry><id>tag:blogger.com,1999:blog-1.layout</id>
<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#template'/>
<title type='text'>Template</title><content type='text'>b</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-2</id>
<published>2011-05-03T10:00:00.000+02:00</published><updated>2012-01-01T00:00:00Z</updated>
<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/>
<category scheme='http://www.blogger.com/atom/ns#' term='Boats &amp; piers'/>
<category scheme='http://www.blogger.com/atom/ns#' term='Winter'/>
<title type='text'>Pier</title><content type='html'>&lt;p&gt;The ferry runs.&lt;/p&gt;</content>
<link rel='replies' type='application/atom+xml' href='https://h.example/feeds/2'/>
<link rel='alternate' type='text/html' href='https://h.example/2011/05/pier.html' title='Pier'/>
<author><name>Anna</name></author></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-3</id><published>2011-06-03T10:00:00Z</published>
<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/>
<title type='text'>Seeds</title><content type='html'>Later.</content>
<app:control xmlns:app='http://purl.org/atom/app#'><app:draft>yes</app:draft></app:control></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-4</id>
<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>
<title type='text'>Nice</title><content type='html'>Nice.</content></entry>
</feed>"""
TAKEOUT = """<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-1</id><title>Harbour notes</title>
<entry><id>tag:blogger.com,1999:blog-1.post-2</id><blogger:type>POST</blogger:type>
<blogger:status>LIVE</blogger:status><title>Anna&amp;#39;s pier</title>
<content type='html'>&lt;p&gt;The ferry runs.&lt;/p&gt;</content>
<published>2024-05-03T10:00:00Z</published><category scheme='tag:blogger.com,1999:blog-1' term='x'/>
<category scheme='http://www.blogger.com/atom/ns#' term='Boats'/>
<blogger:filename>/2024/05/pier.html</blogger:filename><link/><blogger:trashed/></entry>
<entry><blogger:type>POST</blogger:type><blogger:status>DRAFT</blogger:status><title>Seeds</title>
<content type='html'>Later.</content></entry>
<entry><blogger:type>POST</blogger:type><blogger:status>SOFT_TRASHED</blogger:status>
<title>Gone</title><content type='html'>Gone.</content></entry>
<entry><blogger:type>PAGE</blogger:type><blogger:status>LIVE</blogger:status><title>About</title>
<content type='html'>About.</content></entry>
</feed>"""


def test_a_backup_of_old(opened: Opened) -> None:
    source, [pier, seeds] = opened("blog-05-03-2011.xml", OLD)
    assert source.kind == "blogger"
    assert pier.values == {
        "title": "Pier",
        "tags": ["Boats & piers", "Winter"],
        "url": "https://h.example/2011/05/pier.html",
        "published": "2011-05-03T10:00:00.000+02:00",
        "status": "LIVE",
        "source": "Harbour notes",
    }
    assert (pier.body, pier.markup, pier.draft) == ("<p>The ferry runs.</p>", "html", "")
    assert (seeds.values["title"], seeds.draft) == ("Seeds", "status: draft")
    assert source.notes == ["Left out, since they are no articles: 1 template, 1 comment."]


def test_a_backup_of_takeout(opened: Opened) -> None:
    folder = "Takeout/Blogger/"
    files = {
        f"{folder}Blogs/Harbour/feed.atom": TAKEOUT,
        f"{folder}Blogs/Harbour/settings.csv": "a",
    }
    source, [pier, seeds] = opened("takeout.zip", files)
    assert pier.values["title"] == "Anna's pier"
    assert (pier.values["tags"], pier.values["published"]) == (["Boats"], "2024-05-03T10:00:00Z")
    assert (seeds.values["title"], seeds.draft) == ("Seeds", "status: draft")
    left_out = "Left out, since they are no articles: 1 post in the trash, 1 page."
    assert source.notes == [f"Harbour: {left_out}"]
    assert opened("feed.atom", TAKEOUT)[0].kind == "blogger"
