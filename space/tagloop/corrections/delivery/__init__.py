"""The durable way of a row to a dataset on the Hub: one worker, whose parts are the modules here.

::

    a visitor's thread                      the worker's thread (`outbox`)
    ------------------                      ------------------------------
    Outbox.save ─▶ Journal.append           Journal.seal, Journal.sealed
                    │ fsync                      │ segments, oldest first
                    ▼                            ▼
                  a segment on this disk ──▶ Uploader.put ──▶ one commit to the dataset
                                                 │                (and its `dataset_card`)
    Outbox.delivery_status ◀─ state ─────────────┴─▶ Journal.finish, or Quarantine.keep

A row is in one of four states, and moves in this order alone:

- *written*: fsynced in the segment that is open (`journal`); a crash loses it no more.
- *sealed*: its segment will never change again. It is uploaded under its own name, as often as it
  takes (`uploader`), and what fails is told in `OutboxState`. A process that finds a sealed segment
  without an owner, or one that a crash left open, takes it over.
- *delivered*: the Hub has confirmed the commit, and it was read back; the segment is removed.
- *set aside*: instead of that, if the Hub refuses this row and takes others. `quarantine` keeps it
  until its owner moves it back: then it is sealed again.

What else lies in the folder (`segment_files` says what is ours) is left alone, and what in a
segment is no row (`tagloop.corrections.rows`) goes to quarantine alone.

Only `outbox` knows the other modules, and callers know only `outbox` and `status`: what may be said
about a row meanwhile, and which of these states counts as saved.
"""
