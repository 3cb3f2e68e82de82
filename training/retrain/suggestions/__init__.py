"""Corrections that came as pull requests to the public suggestions dataset.

`reading` reads one with suspicion, `taking` brings it into the corrections, `merging` does both to
all that are open.
"""
