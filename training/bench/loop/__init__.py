"""The parts of ``training.bench.loop``: a blog that nobody has seen, its editor, and one turn."""
