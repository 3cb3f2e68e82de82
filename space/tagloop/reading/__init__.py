"""The one reader of articles, for every door: `make data`, the Batch tab and the Tag tab.

A *source* (a table, a folder or zip of files, an export, a feed, a dataset) gives `Record`s, one an
article, with the values as they stand there; `tagloop.reading.entries` makes an `Entry` of each:
title, text, tags, date, address, language, whether it is a draft, and what was odd about it.
"""
