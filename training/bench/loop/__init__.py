"""The loop, simulated: a blog that nobody has seen is corrected, and the tagger learns from it.

``scenario`` has the data and the tagger in use; ``active_learning`` says what is corrected,
``editor`` how well; ``methods`` are the ways to learn, ``regularisation`` a part of some;
``simulation`` runs one round, and ``summary`` sums up all.
"""
