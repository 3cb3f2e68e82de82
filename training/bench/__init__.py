"""Tagloop and what people would pick instead, side by side, on the same articles."""
