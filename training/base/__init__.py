"""The bundled base: how it was trained, measured and described."""
