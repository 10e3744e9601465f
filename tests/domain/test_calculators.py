"""Model ids of CompreFace servers: all that matching needs, and back again."""

from __future__ import annotations

import pytest

from compreface_plugin.domain.calculators import Calculator, service_calculator, service_model_id

FACENET = Calculator(512, 1.1817961, 5.291995557)


@pytest.mark.parametrize("name", ["facenet.Calculator", "facenet.Calculator@20180402-114759"])
def test_a_known_model_is_its_name(name: str) -> None:
    model_id = service_model_id(name, 1.1817961, 5.291996)
    assert model_id == f"compreface:{name}"
    assert service_calculator(model_id) == (name, FACENET)


def test_an_unknown_model_carries_its_coefficients() -> None:
    model_id = service_model_id("own.Calculator@best", 1.25, -3.5e-7)
    assert model_id == "compreface:own.Calculator@best[1.25,-3.5e-07]"
    assert service_calculator(model_id) == ("own.Calculator@best", Calculator(0, 1.25, -3.5e-7))


def test_a_known_name_with_other_coefficients_carries_them() -> None:
    model_id = service_model_id("facenet.Calculator", 1.2, 5.0)
    assert model_id == "compreface:facenet.Calculator[1.2,5]"
    assert service_calculator(model_id) == ("facenet.Calculator", Calculator(512, 1.2, 5.0))


@pytest.mark.parametrize("model_id", ["dlib@0123456789ab", "compreface:own.Calculator", ""])
def test_other_model_ids_are_no_servers(model_id: str) -> None:
    assert service_calculator(model_id) is None
