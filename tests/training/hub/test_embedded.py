"""Starting and stopping: restart, a second start, a parent that dies, a taken port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi

from tagloop.errors import UserError
from training.hub import EmbeddedHub

from .plain_http import HTTP

PARENT = """
import sys, time
from pathlib import Path
from training.hub import EmbeddedHub
hub = EmbeddedHub(Path(sys.argv[1])).start()
print(hub.endpoint, flush=True)
time.sleep(60)
"""


def client(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.token)


def test_state_survives_a_restart(tmp_path: Path) -> None:
    hub = EmbeddedHub(tmp_path)
    with hub:
        api = client(hub)
        api.create_repo("demo/kept", private=True)
        api.upload_file(path_or_fileobj=b"x" * 99, path_in_repo="x.bin", repo_id="demo/kept")
        api.create_tag("demo/kept", tag="v1.0.0")
        api.create_discussion("demo/kept", "A question")
        sha, token = api.model_info("demo/kept").sha, hub.accounts.create_token("demo", "read")
    again = EmbeddedHub(tmp_path, port=hub.port)
    assert again.token == hub.token
    with again:
        reader = HfApi(endpoint=again.endpoint, token=token)
        info = reader.model_info("demo/kept", revision="v1.0.0", files_metadata=True)
        assert (info.sha, info.private) == (sha, True)
        assert [talk.title for talk in reader.get_repo_discussions("demo/kept")] == ["A question"]
        address = f"{again.endpoint}/demo/kept/resolve/main/x.bin"
        headers = {"Authorization": f"Bearer {token}"}
        assert HTTP.get(address, headers=headers).content == b"x" * 99


def test_a_second_start_on_one_folder_is_refused(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        with pytest.raises(UserError, match="already runs") as caught:
            EmbeddedHub(tmp_path).start()
        assert hub.endpoint in str(caught.value)
        with pytest.raises(UserError, match=f"port {hub.port}"):
            EmbeddedHub(tmp_path / "other", port=hub.port).start()
        assert client(hub).whoami()["name"] == "demo"


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    endpoint = parent.stdout.readline().strip()
    assert HTTP.get(f"{endpoint}/").status_code == 200
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while True:
        try:
            # Only once the server has gone is the folder free for another one.
            EmbeddedHub(tmp_path).start().stop()
            return
        except UserError:
            assert time.monotonic() < deadline, "the server outlived its parent"
            time.sleep(0.1)


def test_a_connection_outlives_the_time_after_which_clients_give_it_up(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        connection = HTTPConnection(hub.endpoint.removeprefix("http://"))
        connection.auto_open = 0
        connection.connect()
        for wait in (httpx2.Limits().keepalive_expiry or 0, 0):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.status == 200 and answer.read()
            time.sleep(1.2 * wait)
        connection.close()


def test_the_command_line_explains_itself(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "training.hub", "--root", str(tmp_path), "--port", "0"],
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and done.stderr.startswith("error: A Hub already runs")


def test_clients_are_kept_away_from_real_accounts(tmp_path: Path) -> None:
    hub = EmbeddedHub(tmp_path / "hub", port=1)
    environment = hub.client_env(tmp_path / "home")
    assert environment["HF_ENDPOINT"] == "http://127.0.0.1:1"
    assert environment["HF_TOKEN"] == hub.token
    homes = [value for key, value in environment.items() if key.startswith("HF_") and "/" in value]
    assert all(value.startswith((str(tmp_path), "http://127.0.0.1")) for value in homes)
