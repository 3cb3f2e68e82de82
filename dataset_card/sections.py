"""What the dataset card says, section by section: the values that ``template.md`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets import Features, Value

from dataset_card.describe import Description
from dataset_card.markdown import Markdown, escape, fenced, number, shorten

COLUMNS = {
    "id": "stable id: SHA-256 of the address, else of title and text",
    "title": "one line; may be empty",
    "text": "plain text, paragraphs separated by a blank line",
    "tags": "tags as most authors write them, in the author's order",
    "source": "where the article comes from",
    "url": "address of the original, where known",
    "license": "licence as the source states it, where it does",
    "published": "date in ISO 8601, where known",
    "origin": "`source`, or `correction` when a person's correction gave the tags",
}
"""What each column holds, as Markdown."""
CELL_CHARACTERS = 60
ID_CHARACTERS = 12
ROWS = 25
"""Longest table of a card; the rest is counted."""
MERGED_ROWS = 12
ALT_TAGS = 5

SNIPPET = """\
from datasets import load_dataset

articles = load_dataset({repo_id}, revision={version})
print(articles)
print(articles["train"][0]["title"], articles["train"][0]["tags"])
"""


def dataset_sections(
    description: Description, report: Mapping[str, Any], repo_id: str, version: str
) -> dict[str, Any]:
    """Returns the template's values.

    Args:
        description: What the Parquet files hold.
        report: Content of build_report.json.
        repo_id: The dataset's id on the Hub.
        version: Its git tag.
    """
    sources = description.sources.most_common()
    sources.sort(key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    merged = report["tags"]["merged"]
    return {
        "title": pretty_name(repo_id),
        "articles": description.articles,
        "splits": description.splits,
        "median_words": description.median_words,
        "median_tags": description.median_tags,
        "distinct": len(description.vocabulary),
        "single_use": description.single_use,
        "snippet": fenced(SNIPPET.format(repo_id=f'"{repo_id}"', version=f'"{version}"'), "python"),
        "columns": _columns(description),
        "sources": [
            {"source": shorten(source, 80), "license": stated or "none stated", "articles": count}
            for (source, stated), count in sources[:ROWS]
        ],
        "more_sources": max(len(sources) - ROWS, 0),
        "inputs": report["sources"],
        "published": description.published,
        "near_duplicates": report["near_duplicates"],
        "notes": report["notes"],
        "dropped": _dropped(report),
        "dropped_tags": sum(entry["count"] for entry in report["tags"]["dropped"]),
        "tags_alt": _tags_alt(description),
        "lengths_alt": (
            f"Histograms: words of a text, with a median of {number(description.median_words)}, "
            f"and tags of an article, with a median of {description.median_tags}."
        ),
        "merged": [
            {
                "tag": entry["tag"],
                "forms": ", ".join(
                    f"{merge['form']} ({merge['reason']})" for merge in entry["merged"]
                ),
            }
            for entry in sorted(merged, key=lambda entry: -entry["articles"])[:MERGED_ROWS]
        ],
        "more_merged": max(len(merged) - MERGED_ROWS, 0),
        "titles_only": description.titles_only,
        "corrections": description.corrections,
        "merged_corrections": _merged_corrections(report),
        "mail_addresses": description.mail_addresses,
        "command": fenced(report["command"], "bash"),
        "versions": ", ".join(f"{name} {version}" for name, version in report["versions"].items()),
    }


def _merged_corrections(report: Mapping[str, Any]) -> str:
    """Says what the last merge of corrections put in, by counts alone; empty before the first."""
    merged = report.get("corrections")
    if not merged:
        return ""
    counts, dataset = merged["counts"], merged["dataset"]
    said = (
        f"They are the {counts['corrections']:,} corrections accepted in "
        f"{merged['repo_id']}@{merged['revision'][:10]} "
        f"({counts['by_reviewer']:,} articles decided by a reviewer, {counts['by_agreement']:,} by "
        f"the agreement of several people), merged into {dataset['repo_id']}"
        f"@{dataset['revision'][:10]}: {counts['train']:,} articles are in train, "
        f"{counts['validation'] + counts['test']:,} in validation and test, where no model learns "
        f"from them; {counts['replaced']:,} were here before with other tags."
    )
    if counts["frozen"]:
        said += (
            f" {counts['frozen']:,} corrections of test articles were set aside, since models are "
            "compared on those."
        )
    if counts["removed"]:
        said += (
            f" {counts['removed']:,} corrections that an earlier version had were withdrawn or "
            "rejected since and are taken out; corrections.json lists their ids."
        )
    return said


def _columns(description: Description) -> list[dict[str, Any]]:
    features: Features = description.info.features
    rows = []
    for name, feature in features.items():
        value = description.example.get(name)
        shown = ", ".join(value) if isinstance(value, list) else str(value or "")
        rows.append(
            {
                "name": name,
                "type": "string" if isinstance(feature, Value) else "list of strings",
                "meaning": Markdown(COLUMNS[name]),
                "example": shorten(shown, ID_CHARACTERS if name == "id" else CELL_CHARACTERS)
                or Markdown("*empty*"),
            }
        )
    return rows


def _dropped(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns a row a reason, with its first article as an instance."""
    first: dict[str, Mapping[str, Any]] = {}
    for entry in report["dropped"]:
        first.setdefault(entry.get("kind", entry["reason"]), entry)
    return [
        {"reason": reason, "articles": count, "instance": _instance(first.get(reason))}
        for reason, count in report["dropped_counts"].items()
    ]


def _instance(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return ""
    title = shorten(entry["title"], CELL_CHARACTERS)
    return f"{title} ({entry['where']})" if title else str(entry["where"])


def _tags_alt(description: Description) -> Markdown:
    """Says in words what the chart of tags shows."""
    shown = list(description.tag_counts.items())[:ALT_TAGS]
    named = ", ".join(f"{tag} {count:,}" for tag, count in shown)
    return Markdown(f"Bar chart of the most frequent tags: {escape(named)}.")


def pretty_name(repo_id: str) -> str:
    """Returns ``me/food_blog-articles`` as ``Food blog articles``."""
    words = repo_id.split("/")[-1].replace("-", " ").replace("_", " ").split()
    return " ".join(words)[:1].upper() + " ".join(words)[1:]
