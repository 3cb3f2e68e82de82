"""The command that tags: ``tagloop tag``."""
