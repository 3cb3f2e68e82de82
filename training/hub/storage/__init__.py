"""Repositories on disk: git objects, large files, settings, discussions."""
