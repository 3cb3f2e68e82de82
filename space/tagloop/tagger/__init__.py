"""Article in, tags with confidence out."""

from tagloop import __getattr__ as __getattr__  # published cards import the Tagger from here
