"""HTML that the tabs show: what comes from outside shows as it stands and does nothing."""

import html

import pytest
from huggingface_hub import constants

from tagloop.tagger.tagger import Tag
from tagloop.web.tabs.markup import legend, notice, repo_link, safe


@pytest.mark.parametrize("text", ["<b>", 'a"b', "it's", "${x}", "{{x}}", "`x`", "&amp;"])
def test_safe_leaves_no_mark_with_a_meaning(text: str) -> None:
    shown = safe(text)
    assert not set("<>\"'${}`") & set(shown)
    assert html.unescape(shown) == text


def test_the_looks_of_the_chips_are_explained_where_there_are_some() -> None:
    assert "named in the article" in legend([Tag("A", 0.876, True)])
    assert "No tag is certain enough" in legend([])


def test_problems_are_read_out_at_once() -> None:
    assert 'role="alert"' in notice("problem", "x")
    assert 'role="status"' in notice("saved", "x", "id")


def test_a_local_folder_is_named_but_not_linked() -> None:
    assert repo_link("tagger") == "tagger"
    address = f'href="{constants.ENDPOINT}/me/tagger/tree/{"a" * 40}"'
    assert address in repo_link("me/tagger", "a" * 40)
