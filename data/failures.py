"""Why one source did not deliver. The chain goes on to the next one, and tells the person when there is none left."""


class Unreachable(Exception):
    """The source cannot be asked now: no network, no such address, no npm, a connection that broke."""


class WrongBytes(Exception):
    """The source answered, but with something else than the file that `sources.toml` describes."""
