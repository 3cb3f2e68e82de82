"""The page, its tabs and the endpoints: all that imports gradio."""
