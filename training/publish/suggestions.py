"""The public dataset that a static Space's visitors open pull requests on with corrections."""

from __future__ import annotations

from huggingface_hub import HfApi

from tagloop.corrections.delivery.dataset_card import card_of_rows
from tagloop.corrections.record import FEATURES
from tagloop.errors import UserError
from tagloop.files import CARD, CORRECTIONS
from training.cards.repo_names import Names
from training.publish.errors import clear_errors
from training.publish.repository import KEPT, Repository

LICENSE = "cc-by-4.0"


def check_suggestions(api: HfApi, names: Names) -> None:
    """Makes sure that nothing of somebody else's would get suggestions.

    Raises:
        UserError: The Hub refuses, or another dataset has the name.
    """
    files = Repository(api, names.suggestions, "dataset").remote_files() or {}
    if not all(map(_is_ours, files)):
        raise UserError(
            f"The name {names.suggestions} is taken: that dataset has other files than "
            "suggestions; choose another NAME."
        )


def make_suggestions(api: HfApi, names: Names) -> None:
    """Makes the dataset, with its card, unless it is there.

    Raises:
        UserError: The Hub refuses.
    """
    repo_id = names.suggestions
    repository = Repository(api, repo_id, "dataset")
    if CARD not in (repository.remote_files() or {}):
        repository.create(private=False)
        with clear_errors(repo_id):
            api.upload_file(
                path_or_fileobj=suggestions_card(names).encode(),
                path_in_repo=CARD,
                repo_id=repo_id,
                repo_type="dataset",
                commit_message="Say what suggestions are",
            )


def _is_ours(path: str) -> bool:
    return path in (*KEPT, CARD) or path.startswith(f"{CORRECTIONS}/")


def suggestions_card(names: Names) -> str:
    """Returns the README.md of a new dataset."""
    body = _CARD
    for word, name in (("MODEL", names.model), ("REPO", names.suggestions)):
        body = body.replace(word, name)
    return card_of_rows("Suggested tags", body, FEATURES, LICENSE)


_CARD = """
What visitors of a static Space said about the tags that `MODEL` gave to their article. **Everything
here is public**, and so is every pull request from the moment when it is opened: title, text, tags,
and the name of the account that opened it. Whoever sends a suggestion has agreed to that, and that
the text may be used under this dataset's licence; so send only what you may publish.

A suggestion is a pull request that adds one file `data/ID.jsonl` with one row, and nothing else.
The Space's page makes it. `python -m training.retrain --model MODEL --suggestions` merges all sound
ones; merged or not, nothing is learned before a reviewer, or enough different people, agree.

Who wants a suggestion back closes its pull request, or, where it is merged, opens one that removes
its file. What is removed here is forgotten by the next version.

| column | |
|---|---|
| `id` | unique, and the file's name |
| `created_at` | when it was made in the browser, ISO 8601, UTC |
| `model_repo`, `model_revision` | the model that gave the tags, and its commit |
| `title`, `text` | the article as it was tagged |
| `predicted` | the model's tags, each with its confidence (0 to 1) |
| `corrected` | the tags that the visitor stands for |
| `verdict` | `good`: `predicted` are right; `fixed`: `corrected` are |
| `note`, `user`, `visitor` | empty: who sent it is who opened the pull request |
| `schema` | the version of this table |

```python
from datasets import load_dataset

suggestions = load_dataset("REPO", split="train")
```
"""
