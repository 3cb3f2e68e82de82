"""What the fields of an article are called in sources: columns, keys of front matter, elements."""

from __future__ import annotations

import re

_BETWEEN_WORDS = re.compile(r"[\s_:\-\ufeff\u200b]")
_NUMBER = re.compile(r"[./(\[]?\d{1,3}[)\]]?(?:[./](?:name|label|title|value))?\Z")
_OBJECT_OF = re.compile(r"\.(?:rendered|raw|value|text|#text|\$t)\Z")


def fold(name: str) -> str:
    """Returns a name without what varies: case, blanks, hyphens, underscores, a byte order mark.

    ``datePublished``, ``date_published`` and ``Date Published`` are one name; so are ``title`` and
    ``title.rendered``, which is how objects are written in a table.
    """
    return _OBJECT_OF.sub("", _BETWEEN_WORDS.sub("", name).casefold())


def unnumbered(name: str) -> str:
    """Returns a folded name without the number that one of several columns has.

    ``Tag 1``, ``tags/0``, ``tags.0.name`` and ``tags (2)``: the second column of that name.
    """
    return _NUMBER.sub("", fold(name))


_TAGS = (
    "tags", "taglist", "tag", "posttags", "posttag", "articletags", "contenttags", "blogtags",
    "fieldtags", "tagnames", "tagslist", "manualtags", "hashtags", "labels", "topics", "topic",
    "subjects", "keyphrases", "authorkeywords", "meshterms", "terms", "linkflairtext", "label",
    "schlagworte", "schlagwörter", "schlagwort", "stichworte", "stichwörter", "étiquettes",
    "motsclés", "etiquetas", "palabrasclave", "etichette", "tagi", "trefwoorden", "标签", "標籤",
    "タグ", "taxonomies.tags", "taxonomies.tag", "taxonomy.tag", "taxonomy.tags",
    "taxonomies.topics", "embedded.wpterm",
)  # fmt: skip
CATEGORIES = (
    "categories", "category", "postcategories", "postcategory", "articlecategory",
    "newscategory", "maincategory", "categoryname", "newstype", "sectionname", "section",
    "genres", "genre", "subject",
    "blogcategories", "kategorien", "kategorie", "catégories", "catégorie", "categorías",
    "categorias", "categoría", "categoria", "categorie", "分类", "分類", "カテゴリ",
    "taxonomies.categories", "taxonomies.category", "taxonomy.category", "taxonomy.categories",
)  # fmt: skip
"""Taken for tags where there are none."""
KEYWORDS = (
    "keywords", "keyword", "metakeywords", "newskeywords", "seokeywords", "focuskeywords",
    "indexkeywords",
)  # fmt: skip
"""Mostly what search engines shall find; taken for tags where there is nothing else, and said."""

SUMMARIES = (
    "abstract", "abstractnote", "summary", "summaries", "shortdescription", "excerpt",
    "description", "snippet", "teaser", "introtext", "overview", "extended", "notes",
    "zusammenfassung",
)  # fmt: skip
"""Taken for the text where a source has no other."""
MARKUPS = {
    "bodymarkdown": "markdown", "markdown": "markdown", "contentmarkdown": "markdown",
    "markdowncontent": "markdown", "bodymd": "markdown", "contentmd": "markdown",
    "md": "markdown", "rawmarkdown": "markdown", "selftext": "markdown",
    "bodyhtml": "html", "html": "html", "contenthtml": "html", "htmlcontent": "html",
    "posthtml": "html", "contentencoded": "html",
}  # fmt: skip
"""How a text is written, where its name says it: keys of `tagloop.reading.documents.BODIES`."""
ADDRESSES_IN_TABLES = ("link", "href", "guid")
"""In front matter ``link`` is what a link post writes about."""

NAMES: dict[str, tuple[str, ...]] = {
    "title": (
        "title", "headline", "articletitle", "posttitle", "heading", "subject", "webtitle",
        "newstitle", "subjectline", "questiontitle", "blogtitle", "titel", "titre", "título",
        "titulo", "titolo", "überschrift", "tytuł", "标题", "標題", "タイトル", "storytitle",
        "titles", "name",
    ),
    "text": (
        "text", "body", "plaincontent", "plaintext", "bodymarkdown", "content", "article",
        "articletext", "fulltext", "bodytext", "textbody", "postcontent", "contenttext",
        "contentplain", "cleantext", "maintext", "transcript", "questioncontent",
        "questionbody", "articlebody", "articlecontent", "postbody", "newstext",
        "contentencoded", "markdown", "contentmarkdown", "markdowncontent", "bodymd",
        "contentmd", "md", "rawmarkdown", "bodyhtml", "contenthtml", "htmlcontent", "posthtml",
        "html", "selftext", "story", "post", "document", "inhalt", "beitrag", "texte", "contenu",
        "texto", "contenido", "conteúdo", "testo", "contenuto", "treść", "正文", "内容", "內容",
        "本文", "richcontent",
        *SUMMARIES,
    ),
    "tags": (*_TAGS, *CATEGORIES, *KEYWORDS),
    "url": (
        "url", "permalink", "canonicalurl", "articleurl", "weburl", "posturl", "canonical",
        "webpageurl", "pageurl", "fullurl", *ADDRESSES_IN_TABLES,
    ),
    "published": (
        "published", "date", "publishedat", "publisheddate", "publishdate", "publicationdate",
        "datepublished", "pubdate",
        "pubdatetime", "publishedon", "firstpublishedat", "webpublicationdate",
        "postdategmt", "postdate", "dateposted", "postedat", "postedon", "senddate", "sentat",
        "pubtime", "publishtime", "datum", "fecha", "日期", "timestamp", "datetime", "createdat",
        "created", "datecreated", "creationdate", "createdtime", "createdutc", "createddate",
        "dateadded", "issued", "time",
    ),
    "language": ("language", "lang", "locale", "langcode", "languagecode", "inlanguage"),
    "license": ("license", "licence", "rights"),
    "source": ("source", "publication", "site", "publisher", "sitename", "newspaper"),
    "split": ("split", "subset"),
    "origin": ("origin",),
    "draft": (),
}  # fmt: skip
"""What the fields are commonly called, folded, the likeliest first: in tables on Kaggle and Hubs,
exports (WordPress, Ghost, Wix, beehiiv, dev.to, Stack Exchange, Notion), and front matter. Which
names tell a draft, `tagloop.reading.drafts` knows."""
