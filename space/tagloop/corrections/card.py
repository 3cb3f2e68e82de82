"""The README.md of the corrections dataset, for the people who open it on the Hub."""

from tagloop.corrections.delivery.dataset_card import card_of_rows
from tagloop.corrections.record import FEATURES


def corrections_card(repo_id: str, model_repo: str) -> str:
    """Returns the README.md of a new corrections dataset ``repo_id``."""
    body = _CARD.replace("MODEL", model_repo).replace("REPO", repo_id)
    return card_of_rows("Tag corrections", body, FEATURES)


_CARD = """
What visitors of a tagging Space said about the tags that `MODEL` gave to their article.
One row is one verdict; rows are only ever added. Each file under `data/` holds the rows of one
moment, in a folder a day (UTC). What a visitor took back stands under `withdrawals/`, a row with
the `correction_id` each; what reviewers decided under `reviews/`, likewise, with the `decision`
(accept, edit, reject, undo), the `tags` that count, the `reviewer` and the time. The latest
decision on a correction is in force. A note under `refused/` tells of a row that the Hub did not
take, and that is kept on the Space's own disk.

Visitors were told that title, text, tags and note are stored here, in a private dataset, and may
be used to train the next model. Keep it private.

| column | |
|---|---|
| `id` | unique; a row that appears twice is the same correction |
| `created_at` | when it was sent, ISO 8601, UTC |
| `model_repo`, `model_revision` | the model that gave the tags, and its commit |
| `title`, `text` | the article as it was tagged |
| `predicted` | the model's tags, each with its confidence (0 to 1) |
| `corrected` | the tags that the visitor stands for; empty if none |
| `verdict` | `good`: `predicted` are right; `fixed`: `corrected` are; `bad`: wrong tags |
| `note` | what the visitor wrote beside it |
| `user` | the visitor's name on the Hub if signed in, else null |
| `visitor` | the sender's address as a keyed hash, to tell senders apart; or null |
| `schema` | the version of this table, 2; rows of 1 have no `visitor` |

```python
from datasets import load_dataset

corrections = load_dataset("REPO", split="train", token=True)
```
"""
