"""What visitors say of tags: the record, its way to the Hub, its review.

`record` and `withdrawals` are the rows that visitors send, `decision` those of reviewers.
`delivery` brings them to the corrections dataset, `dataset` reads them there, and `review` decides
which of them the next model may learn from.
"""
