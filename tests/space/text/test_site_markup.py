"""What generators put into Markdown goes or gives its prose; what stands in code is left alone."""

import re

import pytest

from tagloop.text.markup import html_to_text
from tagloop.text.site_markup import MARKDOWN


def text_of(markdown: str, mdx: bool = False) -> str:
    text = html_to_text(MARKDOWN.render(markdown, {"mdx": mdx}))
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return re.sub("\n{3,}", "\n\n", lines)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        # Liquid
        ("{% include toc.html %}\n\nTea {{ site.name }}first.", "Tea first."),
        ("Tea.\n{%- if x -%}\nCups.\n{% endif %}", "Tea. Cups."),
        ("See [pots]({% post_url 2020-01-02-pots %}) and ![p]({{ site.url }}/p.png).",
         "See pots and ."),
        ("See [the pots][p].\n\n[p]: {{ site.url }}/pots", "See the pots."),
        ("{% comment %}\nnot\n\nthis\n{% endcomment %}\nTea.", "Tea."),
        ("Tea {% comment %}not this{% endcomment %}first.{# nor this #}", "Tea first."),
        ("<%= image 'tea.png' %>\n\nTea <% if x %>first<% end %>.", "Tea first."),
        ('{{< figure\n  src="a.jpg"\n  caption="Pot"\n>}}\n\nTea.', "Tea."),
        ('=== "Green"\n\nTea.', "Tea."),
        ("{% blockquote Ann %}\nTea.\n{% endblockquote %}", "Tea."),
        ("{% asset_img tea.png %}\nTea.<!-- more -->", "Tea."),
        ("{% raw %}{{ page.title }}{% endraw %} is {{ gone }}.", "{{ page.title }} is ."),
        ("{% raw %}\nA {{ b }}.\n\nC {% d %}.\n{% endraw %}\n{{ e }}", "A {{ b }}.\n\nC {% d %}."),
        ('<div class="{{ x }}">Tea</div>\n\n{{ y }}', "Tea"),
        # Hugo
        ('{{< figure src="a.jpg" caption="The pot" >}}\nTea.', "Tea."),
        ("{{% notice tip %}}\nTea **first**.\n{{% /notice %}}", "Tea first."),
        ("Write {{</* figure */>}} there.", "Write {{< figure >}} there."),
        # kramdown, Pandoc
        ("{: .note}\nTea.", "Tea."),
        ("Tea.\n{: .big #x}", "Tea."),
        ("* TOC\n{:toc}\n\nTea.", "Tea."),
        ("## Tea {#tea .big}\n\nGreen [pot](p){:target=\"_blank\"} and [cup]{.x}.",
         "Tea\n\nGreen pot and cup."),
        ("Tea\n: A drink.\n: A meal.", "Tea\n\nA drink.\n\nA meal."),
        # Containers, admonitions, callouts
        (":::note[Mind]\nTea.\n:::\n\n::: {.callout-tip}\nCups.\n:::", "Tea.\n\nCups."),
        ("::::tabs\n:::tab\n- Tea\n:::\n::::", "* Tea"),
        ("!!! note\n    Tea.\n\n    Cups.\n\nPots.", "Tea.\n\nCups.\n\nPots."),
        ('??? tip "Mind this"\n    Tea.', "Mind this\n\nTea."),
        ("!!! What a pot", "What a pot"),
        ("> [!NOTE]\n> Tea.", "Tea."),
        ("> [!tip]- Mind this\n> Tea.", "Mind this\nTea."),
        # Obsidian
        ("[[Pots|the pot]], [[Cups]], [[Cups#Small]], [[#Large]] ![[tea.png]]",
         "the pot, Cups, Cups, Large"),
        ("Tea %%not this%% first. ^a1b2", "Tea first."),
        ("%%\nnot\n\nthis\n%%\n\nTea.", "Tea."),
        ("100%% sure, 50%% done", "100%% sure, 50%% done"),
        ("==Tea== if a == b == c", "Tea if a == b == c"),
        ("[[1]](https://a.example) and [ -f x ]", "[1] and [ -f x ]"),
        # Lists, footnotes, formulas
        ("- [ ] Tea\n- [x] Cups", "* [ ] Tea\n* [x] Cups"),
        ("Tea.[^1][^cup] Letters [^a-z].\n\n[^1]: Green.\n[^cup]: Small.",
         "Tea. Letters [^a-z].\n\nGreen.\n\nSmall."),
        ("A $x_1*y*z_{2}$ for $5 and $10.", "A $x_1*y*z_{2}$ for $5 and $10."),
        ("$$\n\\frac{a}{b}\n$$", "$$\n\\frac{a}{b}\n$$"),
        ("[toc]\n\n[[_TOC_]]\n\nTea :smile:", "Tea :smile:"),
    ],
)  # fmt: skip
def test_what_sites_add(markdown: str, text: str) -> None:
    assert text_of(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ('import Pot from "./pot"\nimport {\n  Cup,\n} from \'cups\';\n\nTea.', "Tea."),
        ("import Pot from './pot'\n\nexport const a = {\n  b: 1,\n\n  c: {d: 2}\n}\n\nTea.",
         "Tea."),
        ("<Tabs>\n  <Tab label={<b>x</b>}>one</Tab>\n  <Tab>two</Tab>\n</Tabs>\n\nTea.",
         "one\ntwo\n\nTea."),
        ("<Tabs>\n\n**Tea**\n\n</Tabs>", "Tea"),
        ("Tea <Badge on={{a: 1}}>new</Badge> here <Pot data={rows} />", "Tea new here"),
        ("{/* not\n\nthis */}\n\nTea {/* nor this */}{props.x} first, {' '}<>then</> pots.",
         "Tea first, then pots."),
    ],
)  # fmt: skip
def test_mdx(markdown: str, text: str) -> None:
    assert text_of(markdown, mdx=True) == text


def test_a_text_that_imports_is_mdx_and_another_keeps_its_braces() -> None:
    assert text_of('import Pot from "pot"\n\nTea {x}.') == "Tea ."
    assert text_of("The set {x} has one.") == "The set {x} has one."
    assert text_of("import duties rose\nand 'tea' fell") == "import duties rose and 'tea' fell"


@pytest.mark.parametrize(
    "code",
    [
        "{% highlight ruby %}",
        "{{< figure >}}",
        "{% raw %}{{ x }}{% endraw %}",
        ":::note",
        "[[wiki|link]] ==x== %%y%%",
        'import A from "a"',
        "!!! note",
        "<Tabs>{x}</Tabs>",
        "a[^1] {: .b}",
    ],
)
def test_code_is_never_touched(code: str) -> None:
    for markdown in (f"```liquid\n{code}\n```", f"`` {code} ``", f"Tea:\n\n    {code}"):
        assert code in text_of(markdown, mdx=True)
    assert "{{ x }}" in text_of("See <code>{{ x }}</code>.")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("{% highlight ruby linenos %}", "{% endhighlight %}"),
        ("{% codeblock lang:ruby %}", "{% endcodeblock %}"),
        ("{{< highlight go >}}", "{{< /highlight >}}"),
        ("- Tea\n\n  {%- highlight ruby -%}", "  {%- endhighlight -%}"),
    ],
)
def test_a_template_of_code_is_code(begin: str, end: str) -> None:
    text = text_of(f"{begin}\n*a* = {{{{ b }}}}\n\n  # [c](d)\n{end}\n\nThen **tea**.")
    assert "*a* = {{ b }}" in text and "# [c](d)" in text and text.endswith("Then tea.")
    assert "highlight" not in text and "codeblock" not in text


def test_a_template_without_end_hides_nothing() -> None:
    for begin in ("{% highlight x %}", "{% comment %}", "%%", "{/*", "!!! note", ":::tip"):
        assert "Tea is green." in text_of(f"{begin}\n\nTea is green.\n\nCups.")
