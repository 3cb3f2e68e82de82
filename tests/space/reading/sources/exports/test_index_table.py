import json

import pytest

from ..conftest import Opened

TEXTS = {
    "texts/pier.txt": "The ferry runs twice a day.",
    "texts/seeds.txt": "The garden club swapped seeds.",
    "texts/loaf.txt": "The bakery changed its oven.",
}


def table(values: list[str]) -> str:
    names = ("Pier", "Seeds", "Loaf", "Gone")
    rows = [
        f'{name},"a, {name.lower()}",{value}' for name, value in zip(names, values, strict=False)
    ]
    return "\n".join(["title,tags,file", *rows]) + "\n"


@pytest.mark.parametrize(
    "values",
    [
        ["texts/pier.txt", "texts/seeds.txt", "texts/loaf.txt", "texts/gone.txt"],
        ["./texts/Pier.txt", "/texts/seeds.txt", "texts\\loaf.txt", "x/gone.txt"],
        ["pier.txt", "seeds.txt", "loaf.txt", "gone.txt"],
        ["pier", "seeds", "loaf", "gone"],
    ],
)
def test_a_column_names_the_files(opened: Opened, values: list[str]) -> None:
    source, [pier, seeds, loaf, gone] = opened("blog.zip", {"index.csv": table(values), **TEXTS})
    assert source.kind == "index"
    assert (pier.values["title"], pier.values["tags"]) == ("Pier", "a, pier")
    assert "." not in pier.values.get("file", "")
    assert [it.body for it in (pier, seeds, loaf)] == list(TEXTS.values())
    assert pier.where == "blog.zip/index.csv:2"
    assert gone.problem == f"there is no file '{values[-1]}' for it"
    assert source.notes[-1] == (
        "index.csv lists the articles: its column 'file' says which file has the text of each."
    )


def test_numbers_and_lines_of_json(opened: Opened) -> None:
    rows = [{"id": 7, "title": "Pier", "tags": ["a"]}, {"id": 8, "title": "Seeds", "tags": []}]
    files = {
        "data/articles.jsonl": "\n".join(map(json.dumps, rows)),
        "data/html/7.html": "<p>The ferry.</p>",
        "data/html/8.html": "<p>Seeds.</p>",
        "data/html/9.html": "<p>Left.</p>",
    }
    source, [pier, seeds] = opened("a.zip", files)
    assert (pier.body, pier.markup, pier.values["tags"]) == ("<p>The ferry.</p>", "html", ["a"])
    assert seeds.body == "<p>Seeds.</p>"
    assert source.left_out["not named in articles.jsonl"] == 1


def test_what_the_table_leaves_out_the_file_says(opened: Opened) -> None:
    files = {
        "list.csv": "path,tags\na.md,x\nb.md,\n",
        "a.md": "---\ntitle: Pier\n---\nThe ferry.",
        "b.md": "---\ntitle: Seeds\ndraft: true\n---\nSeeds.",
    }
    _, [pier, _] = opened("a.zip", files)
    assert (pier.fallbacks["title"], (pier.body or "").strip()) == ("Pier", "The ferry.")


@pytest.mark.parametrize(
    "files",
    [
        # Files with tags of their own, and a list made of them.
        {"index.csv": "slug,title\npier,Pier\n", "pier.md": "---\ntags: [a]\n---\nThe ferry."},
        # A table beside articles that it does not name.
        {"visits.csv": "page,visits\n/x,3\n/y,4\n", "pier.md": "# Pier\n\nThe ferry."},
        # A table that names a few of many.
        {"best.csv": "file\na.md\n", **{f"{name}.md": "# A\n\nText." for name in "abcdef"}},
    ],
)  # fmt: skip
def test_articles_with_some_table_beside_them_are_articles(
    opened: Opened, files: dict[str, str]
) -> None:
    source, records = opened("a.zip", files)
    assert source.kind == "markdown"
    assert len(records) == len(files) - 1
