from ..conftest import Opened

HEAD = "Author,Main Category,Title,Excerpt,ID,Tags,Plain Content,Published Date,Rich Content\n"


def test_drafts_and_tags_that_are_identifiers(opened: Opened) -> None:
    identifiers = '"[""5f0c2d7e8a9b4c0017a1b2c3"",""a1b2c3d4-0000-4aaa-8bbb-1234567890ab""]"'
    rows = (
        'Anna,Coast,Pier,x,p-1,"[""Boats"",""Winter""]",The ferry runs.,2024-01-02T09:30:00Z,{}\n'
        f"Anna,Garden,Seeds,x,p-2,{identifiers},Swapped.,2024-01-03T09:30:00Z,{{}}\n"
        "Anna,Garden,Loaf,x,p-3,[],Later.,,{}\n"
    )
    source, [pier, seeds, loaf] = opened("posts.csv", HEAD + rows)
    assert source.kind == "wix"
    assert (pier.values["Tags"], pier.draft) == ('["Boats","Winter"]', "")
    assert (seeds.values["Tags"], seeds.values["Main Category"]) == ("", "Garden")
    assert loaf.draft == "it has no Published Date"
    assert any("1 posts are identifiers" in note for note in source.notes)
