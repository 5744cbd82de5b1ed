from __future__ import annotations

import math
from dataclasses import fields

import pytest

from cracknet.errors import ArgumentError
from cracknet.measurement.centreline import TraceOptions


@pytest.mark.parametrize("name", [field.name for field in fields(TraceOptions)])
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_each_value_is_checked(name, value):
    with pytest.raises(ArgumentError, match=name):
        TraceOptions(**{name: value})
