"""Two photographs of one place laid over each other, or refused."""

from cracknet.measurement.change.registration.options import (
    RegistrationError,
    RegistrationOptions,
)
from cracknet.measurement.change.registration.registering import register
from cracknet.measurement.change.registration.result import Registration

__all__ = ["Registration", "RegistrationError", "RegistrationOptions", "register"]
