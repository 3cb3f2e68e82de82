"""Settings: variables become fields; the README's table says what the code does."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tagloop.errors import UserError
from tagloop.web.settings import SPACE_FOLDER, Settings


def test_variables_become_fields() -> None:
    settings = Settings.from_environment(
        {"MODEL_REPO": "me/tagger", "CORRECTIONS_REPO": " ", "TAGLOOP_OUTBOX": "/some/where"}
    )
    assert settings.model_repo == "me/tagger"
    assert settings.corrections_repo is None  # empty counts as not set
    assert settings.outbox == Path("/some/where")
    assert settings.model_revision is None


def test_addresses_are_read_unless_switched_off() -> None:
    def addresses(**variables: str) -> bool:
        return Settings.from_environment({"MODEL_REPO": "me/tagger", **variables}).addresses

    assert addresses() and addresses(TAGLOOP_ADDRESSES="on")
    assert not addresses(TAGLOOP_ADDRESSES="off")
    with pytest.raises(UserError, match="TAGLOOP_ADDRESSES must be on or off, not 'no'"):
        addresses(TAGLOOP_ADDRESSES="no")


def test_one_person_agrees_with_nobody() -> None:
    with pytest.raises(UserError, match="TAGLOOP_AGREEMENT is 1"):
        Settings.from_environment({"MODEL_REPO": "me/tagger", "TAGLOOP_AGREEMENT": "1"})


def test_settings_are_read_without_the_model_stack_or_the_page() -> None:
    heavy = ("gradio", "transformers", "ctranslate2", "torch", "datasets", "numpy")
    code = (
        "import sys, tagloop.web.settings\n"
        f"sys.stdout.write(' '.join(name for name in {heavy!r} if name in sys.modules))"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, cwd=SPACE_FOLDER, check=True)
    assert done.stdout == ""


def test_a_secret_is_not_shown() -> None:
    environment = {"MODEL_REPO": "me/tagger", "TAGLOOP_REVIEW_SECRET": "correct horse"}
    settings = Settings.from_environment(environment)
    assert settings.review_secret == "correct horse" and "horse" not in repr(settings)


def test_a_missing_model_is_the_persons_mistake() -> None:
    with pytest.raises(UserError, match="MODEL_REPO is not set"):
        Settings.from_environment({})


def test_saved_means_on_the_hub_where_the_disk_is_lost() -> None:
    def saved_when(**variables: str) -> str:
        return Settings.from_environment({"MODEL_REPO": "me/tagger", **variables}).saved_when

    assert saved_when() == "disk"
    assert saved_when(SPACE_ID="me/space") == "hub"
    assert saved_when(SPACE_ID="me/space", TAGLOOP_SAVED_WHEN="disk") == "disk"
    assert saved_when(TAGLOOP_SAVED_WHEN="hub") == "hub"
    with pytest.raises(UserError, match="TAGLOOP_SAVED_WHEN must be hub or disk, not 'never'"):
        saved_when(TAGLOOP_SAVED_WHEN="never")


def test_the_readme_documents_each_variable_in_the_codes_words() -> None:
    readme = (SPACE_FOLDER / "README.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", readme, flags=re.MULTILINE))
    assert table == {
        setting.metadata["variable"]: setting.metadata["help"] for setting in fields(Settings)
    }


def test_the_space_pins_what_the_project_pins() -> None:
    def pins(path: Path) -> dict[str, str]:
        lines = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)", path.read_text(), re.MULTILINE)
        return dict(lines)

    space = pins(SPACE_FOLDER / "requirements.txt")
    project = pins(SPACE_FOLDER.parent / "requirements.txt")
    assert space
    assert space == {name: project[name] for name in space}
    front_matter = (SPACE_FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"sdk_version: {space['gradio']}\n" in front_matter
