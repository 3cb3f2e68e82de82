"""The durable way of a row to a dataset on the Hub: one worker, whose parts are the modules here.

::

    a visitor's thread                      the worker's thread (`outbox`)
    ------------------                      ------------------------------
    Outbox.save ─▶ Journal.append           Journal.seal, Journal.sealed
                    │ fsync                      │ segments, oldest first
                    ▼                            ▼
                  a segment on this disk ──▶ Uploader.put ──▶ one commit to the dataset
                                                 │                (and its `dataset_card`)
    Outbox.delivery_status ◀─ state ─────────────┴─▶ Journal.remove

A row is in one of three states, and moves in this order alone:

- *written*: fsynced in the segment that is open (`journal`); a crash loses it no more.
- *sealed*: its segment will never change again. It is uploaded under its own name, as often as it
  takes (`uploader`), and what fails is told in `OutboxState`. A process that finds a sealed segment
  without an owner, or one that a crash left open, takes it over.
- *delivered*: the Hub has confirmed the commit; the segment is removed.

Only `outbox` knows the other modules, and callers know only `outbox` and `status`: what may be said
about a row meanwhile, and which of these states counts as saved.
"""
