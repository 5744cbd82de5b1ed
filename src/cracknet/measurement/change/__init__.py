"""Change of cracks between two dates."""

from cracknet.measurement.change.comparing import compare, compare_registered
from cracknet.measurement.change.options import ChangeOptions
from cracknet.measurement.change.registration import (
    Registration,
    RegistrationError,
    RegistrationOptions,
    register,
)
from cracknet.measurement.change.results import STATES, Change, CrackChange, Dated, Piece

__all__ = [
    "STATES",
    "Change",
    "ChangeOptions",
    "CrackChange",
    "Dated",
    "Piece",
    "Registration",
    "RegistrationError",
    "RegistrationOptions",
    "compare",
    "compare_registered",
    "register",
]
