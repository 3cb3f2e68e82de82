"""Tagloop and what people would pick instead, side by side, on the same articles.

``quality`` compares with peers (``peers``), ``speed`` and ``training_speed`` time tagging and
fine-tuning, ``growth`` and ``load`` find the limits, ``loop`` simulates what corrections do, and
``studies`` holds what was asked once. ``README.md`` has every figure with its command.
"""
