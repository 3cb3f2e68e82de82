"""Quality of Tagloop and its peers on the same articles."""
