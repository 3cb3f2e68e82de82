"""The static Space: the tagger as ONNX, the browser's runtime, and the page around them."""
