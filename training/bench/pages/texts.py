"""Articles for made pages: sentences of our own, drawn at random from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SUBJECTS = (
    "the harbour master", "a retired baker", "our garden club", "the ferry company", "my neighbour",
    "the town council", "an old carpenter", "the choir", "a young engineer", "the night train",
    "the lighthouse keeper", "a group of students", "the orchard", "the library", "a small brewery",
    "the museum", "the road crew", "a market trader", "the school orchestra", "the weather station",
    "a marine biologist", "the bicycle workshop", "the island doctor", "the post office",
)  # fmt: skip
VERBS = (
    "repaired", "counted", "forgot", "painted", "measured", "sold", "borrowed", "described",
    "opened", "moved", "tested", "photographed", "replaced", "inherited", "recorded", "rebuilt",
    "questioned", "weighed", "planted", "translated", "closed", "defended", "copied", "found",
)  # fmt: skip
OBJECTS = (
    "the wooden bridge", "eleven herons", "a box of seed packets", "the timetable board",
    "three broken clocks", "a map of the canals", "the oven", "two hundred letters", "the old well",
    "an unfinished boat", "the recipe for rye bread", "a row of lime trees", "the tide tables",
    "a cellar full of apples", "the brass instruments", "a list of street names", "the radio mast",
    "several jars of honey", "the cheapest paint", "a diary from the mill", "the northern pier",
)  # fmt: skip
PLACES = (
    "near the station", "behind the chapel", "on the other side of the bay", "in the upper valley",
    "at the edge of the market", "between the two locks", "under the railway arch", "by the quarry",
    "along the river path", "in a shed without windows", "above the fish hall", "on the last farm",
)  # fmt: skip
TIMES = (
    "last winter", "before anyone had asked", "after the flood", "on a Sunday", "every second week",
    "long before the festival", "during the strike", "in the first days of May", "at low tide",
    "while the kettle boiled", "for almost forty years", "in spite of rain", "without much noise",
)  # fmt: skip
ENDS = (
    "and nobody wrote it down", "which surprised even the mayor", "but the costs were never shared",
    "so the plans had to be drawn again", "and that was the end of the argument",
    "although the wind had turned by then", "because the older method had failed twice",
    "which is why the doors are blue today", "and the children still talk about it",
    "but only a few people noticed the difference", "so we walked back along the dyke",
)  # fmt: skip
TITLES = (
    "Why {0} {1} {2}", "How {0} {1} {2}", "When {0} {1} {2}", "{0} {1} {2} {3}",
    "What happened after {0} {1} {2}", "The year {0} {1} {2}",
)  # fmt: skip
NAMES = ("Ida Thorne", "Marek Olin", "Sana Vale", "Piet Harrow", "Lena Quist", "Noor Castell")
SITES = ("The Tidewater", "Canal & Quay", "Slow Harbour", "Northern Gazette", "Field Notes Daily")


@dataclass
class Block:
    """A part of an article.

    Attributes:
        kind: ``p``, ``h2``, ``ul``, ``ol``, ``quote``, ``code``, ``table``, ``dl``, ``figure``.
        lines: Its texts: one of a paragraph, one an item, a row of cells with tabs between.
    """

    kind: str
    lines: list[str]

    @property
    def text(self) -> str:
        """Returns its words."""
        return "\n".join(self.lines)


@dataclass
class Article:
    """A made article.

    Attributes:
        title: One line.
        subtitle: What some themes show below it.
        author: Its author.
        site: Of the publication.
        date: As pages show it.
        blocks: Its parts, in order.
    """

    title: str
    subtitle: str
    author: str
    site: str
    date: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Returns what a reader of the article reads, without its captions."""
        return "\n".join(block.text for block in self.blocks if block.kind != "figure")


def sentence(rng: random.Random) -> str:
    """Makes a sentence of 8 to 30 words."""
    core = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}"
    form = rng.randrange(5)
    if form == 0:
        words = f"{core} {rng.choice(PLACES)}"
    elif form == 1:
        words = f"{rng.choice(TIMES)}, {core} {rng.choice(PLACES)}, {rng.choice(ENDS)}"
    elif form == 2:
        words = f"{core} {rng.choice(TIMES)}, {rng.choice(ENDS)}"
    elif form == 3:
        words = f"{core}, {rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}"
        words += f" {rng.choice(PLACES)}, {rng.choice(ENDS)}"
    else:
        words = f"{rng.choice(PLACES)} {core} {rng.choice(TIMES)}"
    return words[0].upper() + words[1:] + rng.choice((".", ".", ".", ".", "?", "!"))


def paragraph(rng: random.Random, most: int = 6) -> str:
    """Makes a paragraph of up to so many sentences."""
    return " ".join(sentence(rng) for _ in range(rng.randint(1, most)))


def phrase(rng: random.Random) -> str:
    """Makes a few words, such as a heading or an item."""
    return f"{rng.choice(OBJECTS)} {rng.choice(PLACES)}"


def make_title(rng: random.Random) -> str:
    """Makes a title."""
    made = rng.choice(TITLES).format(
        rng.choice(SUBJECTS), rng.choice(VERBS), rng.choice(OBJECTS), rng.choice(PLACES)
    )
    return made[0].upper() + made[1:]


def make_article(rng: random.Random) -> Article:
    """Makes an article; a fifth of them have one to three short paragraphs only."""
    date = f"{rng.randint(1, 28)} May {rng.randint(2009, 2023)}"
    made = Article(make_title(rng), sentence(rng), rng.choice(NAMES), rng.choice(SITES), date)
    if rng.random() < 0.2:
        made.blocks = [Block("p", [paragraph(rng, 3)]) for _ in range(rng.randint(1, 3))]
        return made
    made.blocks = [Block("p", [paragraph(rng)]) for _ in range(2)]
    others = rng.sample(("ul", "ol", "quote", "code", "table", "dl", "figure", "figure"), 3)
    for number in range(rng.randint(1, 4)):
        made.blocks.append(Block("h2", [phrase(rng).capitalize()]))
        made.blocks += [Block("p", [paragraph(rng)]) for _ in range(rng.randint(1, 5))]
        if number < len(others) and rng.random() < 0.6:
            made.blocks.append(_other(others[number], rng))
            made.blocks.append(Block("p", [paragraph(rng)]))
    return made


def _other(kind: str, rng: random.Random) -> Block:
    if kind in ("ul", "ol"):
        lines = [rng.choice((phrase, sentence))(rng) for _ in range(rng.randint(3, 7))]
    elif kind == "code":
        names = [rng.choice(VERBS) for _ in range(rng.randint(3, 6))]
        lines = [f"{name} = count_boats({number}, {name!r})" for number, name in enumerate(names)]
    elif kind == "table":
        lines = [
            "\t".join([rng.choice(OBJECTS), str(rng.randint(1, 900)), rng.choice(TIMES)])
            for _ in range(rng.randint(3, 6))
        ]
    elif kind == "dl":
        lines = [f"{rng.choice(VERBS)}\t{sentence(rng)}" for _ in range(rng.randint(2, 4))]
    else:
        lines = [sentence(rng)]
    return Block(kind, lines)
