"""The one exception that is shown to people as it stands."""


class UserError(Exception):
    """A mistake that the person can mend; its message is one clear sentence.

    Say what was wrong, where (file, line, column) and what to do. Scripts print it as
    ``error: …`` and exit with status 2; the Space shows it as a message. No traceback either way.
    """
