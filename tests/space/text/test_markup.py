"""HTML to text: what a browser would show, nothing glued together, nothing lost."""

import pytest

from tagloop.text.markup import html_to_text, plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Tea first.</p><p>Then cups.</p>", "Tea first.\n\nThen cups."),
        ("Tea<br>cups<br/>pots", "Tea\ncups\npots"),
        ("<div>Tea</div><div>cups</div>", "Tea\ncups"),
        ("<p>Tea</p>cups<p>pots</p>", "Tea\n\ncups\n\npots"),
        ("<section>Tea</section><section>cups</section>", "Tea\ncups"),
        ("<details><summary>Tea</summary>cups</details>", "Tea\ncups"),
        ("<dl><dt>Tea</dt><dd>A drink.</dd></dl>", "Tea\nA drink."),
        ("<p>Tea<script>evil()</script> first<style>p{}</style>.</p>", "Tea first."),
        ("<p>Tea<o:p></o:p><!--[if gte mso 9]><xml>no</xml><![endif]--> first</p>", "Tea first"),
        ("<p>Tea</p><![CDATA[<p>cups</p>]]>", "Tea\n\ncups"),
        ("<!-- wp:paragraph --><p>Tea&nbsp;first</p><!-- /wp:paragraph -->", "Tea first"),
        ("<figure><img src='a'><figcaption>A pot.</figcaption></figure><p>Tea</p>",
         "A pot.\n\nTea"),
        ("<p>茶，先（泡）；“好！”？</p>", "茶，先（泡）；“好！”？"),
    ],
)  # fmt: skip
def test_blocks_stay_apart_and_what_is_not_shown_goes(html: str, text: str) -> None:
    found = html_to_text(html).strip().replace("\xa0", " ")
    assert found.replace("\n\n", "\n") == text.replace("\n\n", "\n")
    assert found == text or "dl" in html


def test_cells_stay_apart() -> None:
    rows = "<table><tr><td>Tea</td><td>4</td></tr><tr><td>Cups</td><td>12</td></tr></table>"
    assert [line.split() for line in html_to_text(rows).split("\n")[:2]] == [
        ["Tea", "4"],
        ["Cups", "12"],
    ]


def test_a_post_copied_from_wordpress() -> None:
    post = (
        '[caption id="a" width="9"]<img class="wp-image-9" src="p.jpg"> A pot[/caption]\n\n'
        'Tea <em>first</em>.\n\n<h2>Cups</h2>\nSmall ones.\n\n[gallery ids="1,2"]\n\nPots [sic].'
    )
    assert plain_text(post).strip().split("\n\n") == [
        "A pot", "Tea first.", "Cups", "Small ones.", "Pots [sic].",
    ]  # fmt: skip


def test_a_plain_text_stays_as_it_is() -> None:
    for text in ("When a < b\n\n  and c > d", "[caption] is a word", "A &amp; B", "x\ty"):
        assert plain_text(text) == text
