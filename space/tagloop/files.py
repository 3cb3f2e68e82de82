"""Names of the files and folders in published repositories, each spelled once.

Models, datasets and corrections that people published before are still read, so a name never
changes, even where a better word has been found since.
"""

CARD = "README.md"

# In a model's repository.
TAGGING = "tagging.json"
"""How an article becomes a prompt and an output becomes tags; marks a repository as a tagger's."""
TAGS = "tags.json"
"""The vocabulary."""
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
"""Names the file of each tensor where the weights are cut into several."""
CONFIG = "config.json"
CTRANSLATE2 = "ctranslate2"
"""Folder of the conversion that the fast engine runs."""
CONVERSION = "model.bin"
"""The weights in a folder that CTranslate2 reads."""
NEIGHBOURS = "recall.safetensors"
SENTENCE_ENCODER = "embedding"
"""Folder of the sentence encoder, which the neighbours are found with."""
ONNX = "onnx"
"""Folder of the graphs that a browser runs."""
ONNX_ENCODER = "encoder_model_quantized.onnx"
ONNX_DECODER = "decoder_model_merged_quantized.onnx"
ONNX_SENTENCE_ENCODER = "sentence_encoder_quantized.onnx"
ONNX_EMBEDDINGS = "embeddings.json"
"""Where in the graphs the table of embeddings stands."""
RANKING = "ranking.json"
BEFORE = "before"
"""Folder of the base, as it was before fine-tuning: a tagger's folder without weights."""
NOTEBOOK = "notebook.ipynb"
TRAINING_LOG = "training_log.json"
EVALUATION_REPORT = "report.json"
RETRAIN_REPORT = "retrain_report.json"
CHANGELOG = "changelog.json"
CHANGELOG_TEXT = "CHANGELOG.md"

# In a dataset's repository.
BUILD_REPORT = "build_report.json"
MERGED_CORRECTIONS = "corrections.json"
"""Which corrections the dataset holds."""

TAGGING_REPORT = "tagging_report.json"
"""How the articles of a dataset got their tags from a model; marks a repository as such a one."""

# Folders in a repository of corrections.
CORRECTIONS = "data"
REVIEWS = "reviews"
WITHDRAWALS = "withdrawals"
REFUSED = "refused"
"""Notes on rows that the Hub did not take, and that wait on the machine of a Space."""
