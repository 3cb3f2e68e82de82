from ..conftest import Opened

DUMP = """<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="4" PostTypeId="1" CreationDate="2008-07-31T21:42:52.667" Score="8" \
Body="&lt;p&gt;How long is a pier? a/>b&lt;/p&gt;&#xA;" Title="Length of a pier" \
Tags="&lt;c#&gt;&lt;sea-level&gt;" ContentLicense="CC BY-SA 4.0" />
  <row Id="5" PostTypeId="2" ParentId="4" Body="&lt;p&gt;Long.&lt;/p&gt;" />
  <row Id="6" PostTypeId="1" CreationDate="2024-01-02T03:04:05.000" Body="Seeds &amp; soil" \
Title="Seeds" Tags="|c++|.net|" />
  <row Id="7" PostTypeId="1" Title="Broken & "quoted" Body="x" />
  <row Id="8" PostTypeId="5" Body="x" />
</posts>
"""


def test_questions_with_their_tags(opened: Opened) -> None:
    source, [pier, seeds, broken] = opened("Posts.xml", DUMP)
    assert source.kind == "stack exchange"
    assert pier.where == "Posts.xml:3"
    assert pier.values == {
        "title": "Length of a pier",
        "tags": ["c#", "sea-level"],
        "published": "2008-07-31T21:42:52.667Z",
        "license": "CC BY-SA 4.0",
    }
    assert (pier.body, pier.markup) == ("<p>How long is a pier? a/>b</p>\n", "html")
    assert (seeds.values["tags"], seeds.body) == (["c++", ".net"], "Seeds & soil")
    assert broken.oddities or broken.problem
    assert source.notes == ["Left out, since they are no articles: 1 answer, 1 tag wiki."]
