"""The only code that parses a stranger's bytes. It runs in child processes and knows nothing of Django.

`pool` is the side of the web process, `child` the loop in the child, `structure` looks at a file before any
decoder does, `pixels` makes a clean picture of it, `sizes` says how large it may be, `turns` which large one is next.
"""


class Refusal(Exception):
    """The picture is not taken; `code` says why, in one word that the caller has a sentence for."""

    def __init__(self, code: str, reason: str = ""):
        super().__init__(f"{code}: {reason}" if reason else code)
        self.code = code
        self.reason = reason
