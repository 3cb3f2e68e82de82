"""The pages that people see: every repository with its card, files, history and discussions."""
