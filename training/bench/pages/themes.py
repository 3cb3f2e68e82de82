"""Pages around made articles: the structures of the usual themes, with all that stands around."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from html import escape

from training.bench.pages.texts import (
    NAMES,
    Article,
    Block,
    make_title,
    paragraph,
    phrase,
    sentence,
)

_NAMES = re.compile(r"\b(class|id)=(['\"])([^'\"]*)\2")
Theme = Callable[[Article, random.Random], str]


def html_of(block: Block, rng: random.Random, paragraphs: str = "p") -> str:
    """Returns a block in HTML; ``paragraphs`` is the element that the theme has for them."""
    lines = [escape(line) for line in block.lines]
    if block.kind == "p":
        return f"<{paragraphs}>{_inline(lines[0], rng)}</{paragraphs}>"
    if block.kind == "h2":
        return f"<h2>{lines[0]}</h2>"
    if block.kind in ("ul", "ol"):
        items = "".join(f"<li>{line}</li>" for line in lines)
        return f"<{block.kind}>{items}</{block.kind}>"
    if block.kind == "quote":
        return f"<blockquote><p>{lines[0]}</p></blockquote>"
    if block.kind == "code":
        code = "\n".join(lines)
        return f'<pre><code class="language-python">{code}</code></pre>'
    if block.kind == "table":
        cells = ["".join(f"<td>{cell}</td>" for cell in line.split("\t")) for line in lines]
        return f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"
    if block.kind == "dl":
        pairs = [line.split("\t") for line in lines]
        return f"<dl>{''.join(f'<dt>{term}</dt><dd>{text}</dd>' for term, text in pairs)}</dl>"
    return (
        f'<figure><img src="/i/{rng.randrange(99)}.jpg" alt="">'
        f"<figcaption>{lines[0]}</figcaption></figure>"
    )


def _inline(text: str, rng: random.Random) -> str:
    """Puts a link or emphasis around some words."""
    words = text.split(" ")
    if len(words) > 8 and rng.random() < 0.6:
        begin = rng.randrange(len(words) - 4)
        tag = rng.choice(('a href="/x"', "em", "strong", 'a href="https://a.example/y"'))
        words[begin] = f"<{tag}>{words[begin]}"
        words[begin + 2] += f"</{tag.split(' ')[0]}>"
    return " ".join(words)


def body_of(article: Article, rng: random.Random, paragraphs: str = "p", between: str = "") -> str:
    """Returns all blocks, with advertisements and boxes between some of them."""
    parts = []
    for place, block in enumerate(article.blocks):
        parts.append(html_of(block, rng, paragraphs))
        if between and place % 3 == 2 and rng.random() < 0.7:
            parts.append(between)
    return "\n".join(parts)


def without_names(page: str) -> str:
    """Returns a page whose classes and ids say nothing, as many build tools write them."""
    return _NAMES.sub(
        lambda found: f"{found[1]}={found[2]}x{zlib.crc32(found[3].encode()):x}{found[2]}", page
    )


# What stands around an article


def navigation(rng: random.Random) -> str:
    """Returns a menu."""
    names = ("Home", "News", "Culture", "Opinion", "Weather", "About us", "Contact", "Archive")
    items = "".join(f'<li><a href="/{n}">{n}</a></li>' for n in rng.sample(names, 6))
    return rng.choice(
        (f"<nav><ul>{items}</ul></nav>", f'<div class="main-menu" id="menu"><ul>{items}</ul></div>')
    )


def cookies(rng: random.Random) -> str:
    """Returns a banner that asks for consent."""
    text = (
        "We and our partners use cookies to store information on your device, to measure how the "
        "site is used, and to show advertising that fits your interests. You can change your "
        "choice at any time in the settings, or read our policy on privacy."
    )
    return rng.choice(
        (
            f'<div id="cookie-banner" class="cc-window" role="dialog"><p>{text}</p>'
            "<button>Accept all</button> <button>Reject</button></div>",
            f'<div class="consent-modal"><div class="consent-text">{text}</div>'
            '<a href="#">OK</a></div>',
        )
    )


def share(rng: random.Random) -> str:
    """Returns a row of links to other networks."""
    names = ("Share on Facebook", "Tweet", "Pin it", "Email this", "Print", "Copy link")
    kind = rng.choice(("share-buttons", "sharedaddy sd-sharing-enabled", "social-links"))
    links = "".join(f'<li><a href="#">{name}</a></li>' for name in rng.sample(names, 4))
    return f'<div class="{kind}"><h3>Share this:</h3><ul>{links}</ul></div>'


def author_box(article: Article, rng: random.Random) -> str:
    """Returns who the author is."""
    return (
        f'<div class="author-box about-author"><img src="/a.jpg" alt=""><h4>About '
        f"{article.author}</h4><p>{article.author} writes about boats and bread. {sentence(rng)}"
        "</p></div>"
    )


def newsletter(rng: random.Random) -> str:
    """Returns a form to subscribe."""
    form = '<input type="email" placeholder="Your email"><button>Subscribe</button>'
    text = "Get the best of our stories in your inbox, every Friday morning. No spam, ever."
    return rng.choice(
        (
            f'<form class="newsletter-signup"><h3>Subscribe</h3><p>{text}</p>{form}</form>',
            f'<div class="subscribe-widget"><p>{text}</p><div>{form}</div></div>',
        )
    )


def related(rng: random.Random, element: str = "div") -> str:
    """Returns teasers of other articles."""
    cards = "".join(
        f'<{element} class="card post-teaser"><a href="/{n}"><img src="/{n}.jpg" alt="">'
        f"<h3>{escape(make_title(rng))}</h3></a><p>{escape(sentence(rng))}</p></{element}>"
        for n in range(rng.randint(3, 6))
    )
    heading = rng.choice(("Related posts", "Read next", "You may also like", "More from us"))
    kind = rng.choice(("related-posts", "read-next", "more-stories", "jp-relatedposts"))
    return f'<section class="{kind}"><h2>{heading}</h2>{cards}</section>'


def comments(rng: random.Random) -> str:
    """Returns what readers wrote."""
    items = "".join(
        f'<li class="comment"><div class="comment-author">{rng.choice(NAMES)} says:</div>'
        f'<div class="comment-body"><p>{escape(paragraph(rng, 4))}</p></div>'
        '<a href="#">Reply</a></li>'
        for _ in range(rng.randint(2, 8))
    )
    return (
        f'<div id="comments" class="comments-area"><h2>Comments</h2><ol class="comment-list">'
        f"{items}"
        '</ol><form id="commentform"><label>Leave a reply</label><textarea></textarea></form></div>'
    )


def sidebar(rng: random.Random) -> str:
    """Returns widgets beside the article."""
    recent = "".join(f'<li><a href="#">{escape(make_title(rng))}</a></li>' for _ in range(6))
    text = f"<p>{escape(paragraph(rng, 3))}</p>"
    inner = (
        f'<div class="widget widget_text"><h3>About this site</h3>{text}</div>'
        f'<div class="widget widget_recent_entries"><h3>Recent posts</h3><ul>{recent}</ul></div>'
        '<div class="widget"><h3>Archives</h3><ul><li><a href="#">May 2019</a></li>'
        '<li><a href="#">April 2019</a></li></ul></div>'
    )
    return rng.choice(
        (
            f'<aside class="sidebar widget-area">{inner}</aside>',
            f'<div id="secondary" class="sidebar">{inner}</div>',
            f'<div class="col-md-4 right-rail">{inner}</div>',
        )
    )


def footer(rng: random.Random) -> str:
    """Returns what every page of a site ends with."""
    text = f"<p>© The publishers. All rights reserved. {escape(phrase(rng))}.</p>"
    links = "".join(f'<a href="#">{name}</a> ' for name in ("Imprint", "Privacy", "Terms", "Jobs"))
    return rng.choice(
        (
            f"<footer>{text}{links}</footer>",
            f'<div id="footer" class="site-info">{text}{links}</div>',
        )
    )


def advertisement(rng: random.Random) -> str:
    """Returns an advertisement, or a pointer to another article, between paragraphs."""
    return rng.choice(
        (
            '<div class="ad-slot advert"><span>Advertisement</span></div>',
            f'<div class="inline-related"><strong>Read also:</strong> <a href="#">'
            f"{escape(make_title(rng))}</a></div>",
            f'<aside class="promo"><p>Subscribe now and save.</p><a href="#">{phrase(rng)}</a>'
            "</aside>",
            '<div class="ad"><script>load()</script></div>',
        )
    )


def head(article: Article, rng: random.Random, meta: str = "") -> str:
    """Returns a page's head."""
    mark = rng.choice(("|", "-", "–", "»"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>'
        f"{escape(article.title)} {mark} {escape(article.site)}</title>"
        f'<meta name="description" content="{escape(article.blocks[0].text[:150])}">{meta}'
        "<style>body{margin:0}</style><script>window.d=1</script></head>"
    )


def byline(article: Article, rng: random.Random) -> str:
    """Returns who wrote it and when."""
    when = f"<time>{article.date}</time>"
    by = f'By <a rel="author" href="#">{article.author}</a>'
    return rng.choice(
        (
            f'<div class="entry-meta posted-on">{by} {when} · <span>3 min read</span></div>',
            f'<p class="byline">{by}, {when}</p>',
            f'<header class="meta"><span class="author">{by}</span> {when}</header>',
        )
    )


# The themes


def wordpress(article: Article, rng: random.Random) -> str:
    """The block themes: an ``<article>`` with an ``entry-content``, comments after it."""
    tags = (
        '<footer class="entry-footer">Posted in <a rel="category tag" href="#">Boats</a></footer>'
    )
    return (
        f"{head(article, rng)}<body class='single single-post cookies-not-set'>{cookies(rng)}"
        f"<div id='page' class='site'><header id='masthead'><p class='site-title'>"
        f"{article.site}</p>"
        f"{navigation(rng)}</header><div id='content'><main id='main' class='site-main'>"
        f"<article id='post-7' class='post hentry'><header class='entry-header'>"
        f"<h1 class='entry-title'>{escape(article.title)}</h1>{byline(article, rng)}</header>"
        f"<div class='entry-content'>{body_of(article, rng, between=advertisement(rng))}"
        f"{share(rng)}"
        f"{related(rng)}</div>{tags}</article>{author_box(article, rng)}{comments(rng)}</main>"
        f"{sidebar(rng)}</div>{footer(rng)}</div></body></html>"
    )


def news(article: Article, rng: random.Random) -> str:
    """A newspaper: one ``<article>`` of the page's own, more of them as teasers around it."""
    standfirst = f"<p class='standfirst'>{escape(article.blocks[0].text)}</p>"
    rest = Article(article.title, "", "", "", "", article.blocks[1:])
    return (
        f"{head(article, rng)}<body>{navigation(rng)}<div class='breaking'><a href='#'>"
        f"{escape(make_title(rng))}</a></div>{cookies(rng)}<main><article class='story'>"
        f"<h1>{escape(article.title)}</h1>{standfirst}{byline(article, rng)}{share(rng)}"
        f"<div class='story-body'>{body_of(rest, rng, between=advertisement(rng))}</div>"
        f"{newsletter(rng)}</article>{related(rng, 'article')}{related(rng, 'article')}</main>"
        f"{sidebar(rng)}{footer(rng)}</body></html>"
    )


def medium(article: Article, rng: random.Random) -> str:
    """Names that mean nothing, sections, claps."""
    half = len(article.blocks) // 2
    parts = [article.blocks[:half], article.blocks[half:]]
    sections = "".join(
        f"<section class='x{n}'><div class='ab ac'><div class='n p'>"
        + body_of(Article("", "", "", "", "", part), rng)
        + "</div></div></section>"
        for n, part in enumerate(parts)
    )
    return (
        f"{head(article, rng)}<body><div id='root'><div class='a b c'><div class='d'><a href='#'>"
        f"Open in app</a><a href='#'>Sign up</a><a href='#'>Sign in</a></div><article>"
        f"<div class='l'>"
        f"<section><h1 class='pw-post-title'>{escape(article.title)}</h1><div class='e f'>"
        f"<a href='#'>"
        f"{article.author}</a><a href='#'>Follow</a><span>{article.date}</span><span>5 min read"
        f"</span></div></section>{sections}</div></article><div class='ck'><button>120 claps"
        f"</button></div><div class='cl'><h2>Written by {article.author}</h2><p>{sentence(rng)}</p>"
        f"</div>{related(rng)}</div></div></body></html>"
    )


def substack(article: Article, rng: random.Random) -> str:
    """A newsletter: forms to subscribe within the text, a discussion after it."""
    box = (
        f"<div class='subscription-widget-wrap'><div class='subscription-widget'><p>Thanks for "
        f"reading {article.site}! Subscribe for free to receive new posts and support my work.</p>"
        "<form><input type='email'><input type='submit' value='Subscribe'></form></div></div>"
    )
    return (
        f"{head(article, rng)}<body><div id='entry'><div class='main-menu'>{navigation(rng)}</div>"
        f"<article class='newsletter-post post'><div class='post-header'><h1 class='post-title'>"
        f"{escape(article.title)}</h1><h3 class='subtitle'>{article.subtitle}</h3>"
        f"{byline(article, rng)}</div><div class='available-content'><div class='body markup'>"
        f"{body_of(article, rng, between=box)}</div></div></article><div class='comments-page'>"
        f"{comments(rng)}</div><div class='footer'>{newsletter(rng)}</div></div></body></html>"
    )


def blogger(article: Article, rng: random.Random) -> str:
    """Lines divided by ``<br>``, in nested ``<div>`` elements, the site's name as the heading."""
    lines = "<br /><br />".join(
        escape(block.text) if block.kind in ("p", "quote") else html_of(block, rng)
        for block in article.blocks
    )
    return (
        f"{head(article, rng)}<body><div class='content-outer'><div class='header-outer'>"
        f"<h1 class='title'>{article.site}</h1></div><div class='main-outer'>"
        f"<div class='post-outer'>"
        f"<h2 class='date-header'>{article.date}</h2><div class='post hentry'>"
        f"<h3 class='post-title entry-title'>{escape(article.title)}</h3><div class='post-body "
        f"entry-content'><div dir='ltr'>{lines}</div></div><div class='post-footer'>Posted by "
        f"{article.author} at 10:15 <a href='#'>Email This</a> Labels: <a rel='tag' href='#'>boats"
        f"</a></div></div></div>{comments(rng)}</div><div class='column-right-outer'>{sidebar(rng)}"
        f"</div>{footer(rng)}</div></body></html>"
    )


def documentation(article: Article, rng: random.Random) -> str:
    """A manual: a tree of pages on the left, a table of contents on the right."""
    tree = "".join(f"<li><a href='#'>{phrase(rng)}</a></li>" for _ in range(25))
    contents = "".join(
        f"<li><a href='#{n}'>{block.text}</a></li>"
        for n, block in enumerate(article.blocks)
        if block.kind == "h2"
    )
    return (
        f"{head(article, rng)}<body><div class='wy-grid'><nav class='wy-nav-side'><ul>{tree}</ul>"
        f"</nav><section class='wy-nav-content'><div role='navigation' class='breadcrumbs'><a "
        f"href='#'>Docs</a> » Guide</div><div role='main' class='document'><section id='s'>"
        f"<h1>{escape(article.title)}<a class='headerlink' href='#s'>¶</a></h1>"
        f"{body_of(article, rng)}</section></div><div class='rst-footer-buttons'><a href='#'>"
        f"Previous</a><a href='#'>Next</a></div></section><div class='toc'><p>On this page</p><ul>"
        f"{contents}</ul></div></div>{footer(rng)}</body></html>"
    )


def plain(article: Article, rng: random.Random) -> str:
    """A page written by hand: no classes at all."""
    return (
        f"{head(article, rng)}<body><p><a href='/'>{article.site}</a></p><h1>"
        f"{escape(article.title)}</h1>{body_of(article, rng)}<hr><p><a href='/'>Back</a></p>"
        "</body></html>"
    )


def tables(article: Article, rng: random.Random) -> str:
    """A page of the last century, laid out by tables."""
    menu = "<br>".join(f"<a href='#'>{phrase(rng)}</a>" for _ in range(8))
    return (
        f"{head(article, rng)}<body bgcolor='white'><table width='100%'><tr><td colspan='2'><font "
        f"size='6'>{article.site}</font></td></tr><tr><td width='150' valign='top'>{menu}</td><td "
        f"valign='top'><font face='Arial'><b>{escape(article.title)}</b></font>"
        f"{body_of(article, rng)}</td></tr><tr><td colspan='2'>Best viewed at 800 by 600. "
        "Copyright.</td></tr></table></body></html>"
    )


def divisions(article: Article, rng: random.Random) -> str:
    """Paragraphs that are ``<div>`` elements, of a framework with hashed names."""
    return (
        f"{head(article, rng)}<body><div class='css-1a2b'><div class='css-9z'>"
        f"{navigation(rng)}</div>"
        f"<div class='css-77 container'><div class='css-h1'><h1>{escape(article.title)}</h1>"
        f"{byline(article, rng)}</div><div class='css-q8'>{body_of(article, rng, 'div')}</div>"
        f"<div class='css-r4'>{share(rng)}{author_box(article, rng)}</div></div>{related(rng)}"
        f"{cookies(rng)}{footer(rng)}</div></body></html>"
    )


def magazine(article: Article, rng: random.Random) -> str:
    """A picture first, pull quotes that repeat a sentence, a text in several parts of the page."""
    quote = (
        f"<blockquote class='pullquote'>"
        f"{escape(article.blocks[0].text.split('. ')[0])}</blockquote>"
    )
    half = max(1, len(article.blocks) // 2)
    one, two = (
        body_of(Article("", "", "", "", "", part), rng)
        for part in (article.blocks[:half], article.blocks[half:])
    )
    return (
        f"{head(article, rng)}<body>{navigation(rng)}<div class='hero'><figure><img src='/h.jpg'>"
        f"<figcaption>Photograph: {article.author}</figcaption></figure><h1>{escape(article.title)}"
        f"</h1>{byline(article, rng)}</div><div class='article-body'><div class='chunk'>{one}</div>"
        f"<div class='interlude'>{quote}{advertisement(rng)}</div><div class='chunk'>{two}</div>"
        f"</div>"
        f"{newsletter(rng)}{author_box(article, rng)}{related(rng)}{footer(rng)}</body></html>"
    )


def forum(article: Article, rng: random.Random) -> str:
    """A question and its answers; the article is the question."""
    answers = "".join(
        f"<div class='answer comment'><div class='comment-body'><p>{escape(paragraph(rng))}</p>"
        f"</div>"
        "<div class='comment-meta'>answered yesterday</div></div>"
        for _ in range(2)
    )
    return (
        f"{head(article, rng)}<body>{navigation(rng)}<div id='question-header'><h1>"
        f"{escape(article.title)}</h1></div><div class='question'><div class='votes'>12</div><div "
        f"class='post-text'>{body_of(article, rng)}</div><div class='user-info'>asked "
        f"{article.date} by {article.author}</div></div><div id='comments'>{answers}</div>"
        f"{sidebar(rng)}{footer(rng)}</body></html>"
    )


def ghost(article: Article, rng: random.Random) -> str:
    """An ``<article>`` whose heading stands in a header, teasers as ``<article>`` after it."""
    return (
        f"{head(article, rng)}<body class='post-template'><div class='site-wrapper'><header>"
        f"{navigation(rng)}</header><main id='site-main'><article class='article post'><header "
        f"class='article-header gh-canvas'><h1 class='article-title'>{escape(article.title)}</h1>"
        f"<p class='article-excerpt'>{article.subtitle}</p>{byline(article, rng)}<figure><img "
        f"src='/f.jpg'></figure></header><section class='gh-content gh-canvas'>"
        f"{body_of(article, rng)}</section></article></main><section class='footer-cta'>"
        f"{newsletter(rng)}</section><aside class='read-more-wrap'>"
        f"{related(rng, 'article')}</aside>"
        f"{footer(rng)}</div></body></html>"
    )


def multi_page(article: Article, rng: random.Random) -> str:
    """A long sidebar before the text, a pager and tags after it, comments longer than the text."""
    pager = (
        "<div class='page-links'>Pages: <span>1</span> <a href='#'>2</a> <a href='#'>3</a></div>"
    )
    tags = (
        "<div class='tags'>Tags: <a rel='tag' href='#'>boats</a>"
        ", <a rel='tag' href='#'>piers</a></div>"
    )
    return (
        f"{head(article, rng)}<body>{sidebar(rng)}<div id='wrapper'>{navigation(rng)}<div "
        f"id='main-content' class='hfeed'><div class='post'><h2><a href='#'>{escape(article.title)}"
        f"</a></h2><small>{article.date} by {article.author}</small><div class='entry'>"
        f"{body_of(article, rng)}{pager}</div>{tags}{share(rng)}</div>"
        f"{comments(rng)}{comments(rng)}"
        f"</div></div>{footer(rng)}</body></html>"
    )


THEMES: tuple[Theme, ...] = (
    wordpress,
    news,
    medium,
    substack,
    blogger,
    documentation,
    plain,
    tables,
    divisions,
    magazine,
    forum,
    ghost,
    multi_page,
)
