"""The bundled base: its weights, and the recipe that made them."""
