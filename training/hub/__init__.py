"""The embedded Hub: a development server that speaks the Hub's protocol.

For demos, tests and teams without network: `huggingface_hub`, `datasets`, `transformers`, the
``hf`` command and ``git clone`` work against it unmodified. It is no replacement for the Hub: one
process, local users, no quotas, no scanning.
"""

from training.hub.embedded import EmbeddedHub

__all__ = ["EmbeddedHub"]
