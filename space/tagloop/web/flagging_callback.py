"""A flagging callback for any `gr.Interface` that writes to a dataset on the Hub.

Gradio had one (``HuggingFaceDatasetSaver``) and gave it up; this one is durable as well::

    import gradio as gr
    from tagloop.web.flagging_callback import HubDatasetCallback

    gr.Interface(
        shout, "text", "text", flagging_mode="manual",
        flagging_callback=HubDatasetCallback("me/flagged"),
    ).launch()
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr
from gradio.components import Component

from tagloop.corrections.delivery.dataset_card import card_of_rows
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.delivery.status import HUB_PATIENCE_SECONDS
from tagloop.corrections.record import utc_now
from tagloop.errors import UserError
from tagloop.limits import readable

# Components whose value fits a column. The others hold files, which would need an upload each.
COLUMN_TYPES: dict[type[Component], str] = {
    gr.Checkbox: "bool",
    gr.Number: "float64",
    gr.Slider: "float64",
    gr.Textbox: "string",
    gr.Markdown: "string",
    gr.Code: "string",
    gr.Radio: "string",
    gr.Dropdown: "string",
    gr.CheckboxGroup: "string",
    gr.Label: "string",
    gr.JSON: "string",
    gr.HighlightedText: "string",
}
OWN_COLUMNS = ("id", "created_at", "flag", "username")


class HubDatasetCallback(gr.FlaggingCallback):
    """Writes each flagged sample as one row of a Hub dataset, through an `Outbox`.

    The dataset is made when it is missing. A row has an ``id``, ``created_at``, ``flag``,
    ``username`` and one column a component, named by its label.

    Args:
        repo_id: The dataset.
        token: A token that may write to it; None takes ``HF_TOKEN``.
        endpoint: The Hub; None takes ``HF_ENDPOINT``.
        private: Whether the dataset is (and has to be) private.
    """

    def __init__(
        self,
        repo_id: str,
        *,
        token: str | None = None,
        endpoint: str | None = None,
        private: bool = True,
    ) -> None:
        self.repo_id = repo_id
        self._endpoint = endpoint
        self._token = token
        self._private = private
        self._columns: list[tuple[str, str, Component]] = []
        self._count = 0
        self.outbox: Outbox | None = None

    def setup(self, components: Sequence[Component], flagging_dir: str | Path) -> None:
        """Opens the outbox in ``flagging_dir``; gradio calls this once, at launch.

        Raises:
            UserError: A component's value is a file (image, audio, …), which a row cannot hold.
        """
        self._columns = [(str(part.label), _column_type(part), part) for part in components]
        names = [*OWN_COLUMNS, *(name for name, _, _ in self._columns)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise UserError(f"Two columns would be named {repeated[0]!r}: change a label.")
        kinds = [*((name, "string") for name in OWN_COLUMNS)]
        kinds[2:2] = [(name, dtype) for name, dtype, _ in self._columns]
        features: list[dict[str, Any]] = [{"name": name, "dtype": dtype} for name, dtype in kinds]
        card = card_of_rows(
            "Flagged samples", "Each row is one sample that a visitor of a demo flagged.", features
        )
        self.outbox = Outbox(
            Path(flagging_dir),
            self.repo_id,
            card=card,
            token=self._token,
            endpoint=self._endpoint,
            private=self._private,
            # The disk of a Space of the Hub is lost at a restart.
            saved_when="hub" if os.environ.get("SPACE_ID") else "disk",
        ).start()

    def flag(
        self, flag_data: list[Any], flag_option: str | None = None, username: str | None = None
    ) -> int:
        """Saves one sample; gradio calls this when a visitor presses a flag button.

        Returns:
            How many samples this callback has saved since it was set up.

        Raises:
            UserError: The sample could not be saved (disk full, too many rows waiting); or, on a
                Space, it is kept there but the Hub has not confirmed it in time.
        """
        if self.outbox is None:
            raise RuntimeError("setup() has not been called")
        values = {
            name: _cell(component, dtype, value)
            for (name, dtype, component), value in zip(self._columns, flag_data, strict=True)
        }
        row = {"id": str(uuid4()), "created_at": utc_now(), **values}
        try:
            self.outbox.save({**row, "flag": flag_option, "username": username})
            delivery_status = self.outbox.delivery_status(row["id"], HUB_PATIENCE_SECONDS)
            if not delivery_status.saved:
                raise UserError(delivery_status.message)
        except UserError as error:
            # gradio turns an exception into a button that reads "Error!"; say why as well.
            gr.Warning(str(error))
            raise
        self._count += 1
        return self._count


def _cell(component: Component, dtype: str, value: Any) -> Any:
    if value is None or dtype != "string":
        return value
    return readable(component.flag(value))


def _column_type(component: Component) -> str:
    for kind, dtype in COLUMN_TYPES.items():
        if isinstance(component, kind):
            return dtype
    raise UserError(
        f"{type(component).__name__} {component.label!r} cannot be flagged into a dataset of rows: "
        f"supported are {', '.join(kind.__name__ for kind in COLUMN_TYPES)}."
    )
