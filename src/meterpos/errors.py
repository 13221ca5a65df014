"""The root of meterpos' errors; concrete classes live beside the function that raises them.

MeterposError
└── UserError          may be shown to a person, word for word
"""


class MeterposError(Exception):
    """Anything that goes wrong in meterpos that is not a bug (bugs are assertions)."""


class UserError(MeterposError):
    """A sentence a person can act on: what is wrong, where, and what to do.

    ``field`` names the form field or option the sentence belongs beside, ``None`` where there is none.
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field
