"""The Space: suggests tags for an article and takes corrections.

Run it on any tagger of the Hub, or on a folder::

    MODEL_REPO=me/my-tagger CORRECTIONS_REPO=me/my-corrections HF_TOKEN=… python app.py
"""

from tagloop.web.app import main

if __name__ == "__main__":
    main()
