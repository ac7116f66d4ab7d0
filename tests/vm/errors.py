"""The two ways a machine can't be had."""


class CannotMake(Exception):
    """This host lacks something: the test is skipped."""


class MachineFailed(Exception):
    """There was a machine, and it did not do what it should."""

    def __init__(self, message, status=125):
        super().__init__(message)
        self.status = status
