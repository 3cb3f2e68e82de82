"""What was asked once; the table "Studies" of ``training/bench/README.md`` says what it showed."""
