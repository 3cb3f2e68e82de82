"""The flagging callback in a real `gr.Interface`, writing to a dataset on the Hub."""

from pathlib import Path
from uuid import uuid4

import gradio as gr
import pytest
from gradio_client import Client
from huggingface_hub import HfApi

from tagloop.corrections.delivery.outbox import Outbox
from tagloop.errors import UserError
from tagloop.web.flagging_callback import HubDatasetCallback
from training.hub import EmbeddedHub

from ..corrections.delivery.stored_rows import stored_rows


def test_an_interface_flags_into_a_hub_dataset(
    hub: EmbeddedHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = HfApi(hub.endpoint, hub.token)
    repo_id = f"{api.whoami()['name']}/flagged-{uuid4().hex[:8]}"
    callback = HubDatasetCallback(repo_id, token=hub.token, endpoint=hub.endpoint)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    demo = gr.Interface(
        lambda text, times: text * int(times),
        [gr.Textbox(label="text"), gr.Number(label="times")],
        gr.Textbox(label="shouted"),
        flagging_mode="manual",
        flagging_options=["right", "wrong"],
        flagging_callback=callback,
        flagging_dir=str(tmp_path),
        api_name="shout",
    )
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        flags = [fn.fn for fn in demo.fns.values() if getattr(fn.fn, "value", None) == "wrong"]
        assert len(flags) == 1
        assert Client(url, verbose=False).predict("a", 3, api_name="/shout") == "aaa"
        assert callback.flag(["ünïcode <b>", 3, None], "wrong", "someone") == 1
        assert isinstance(callback.outbox, Outbox)
        assert callback.outbox.close(timeout=20) == 0
    finally:
        demo.close()
    [row] = stored_rows(api, repo_id)
    assert list(row) == ["id", "created_at", "text", "times", "shouted", "flag", "username"]
    assert list(row.values())[2:] == ["ünïcode <b>", 3, None, "wrong", "someone"]
    card = Path(api.hf_hub_download(repo_id, "README.md", repo_type="dataset")).read_text()
    assert "  - name: times\n    dtype: float64\n" in card


def test_what_a_row_cannot_hold_is_refused_at_launch(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Image 'picture' cannot be flagged"):
        HubDatasetCallback("me/flagged").setup([gr.Image(label="picture")], tmp_path)
    with pytest.raises(UserError, match="Two columns would be named 'a'"):
        HubDatasetCallback("me/flagged").setup([gr.Textbox(label="a")] * 2, tmp_path)
    with pytest.raises(UserError, match="Two columns would be named 'id'"):
        HubDatasetCallback("me/flagged").setup([gr.Textbox(label="id")], tmp_path)
