"""Work in parts by datatrove: many processes or machines, each with some of the sources."""
