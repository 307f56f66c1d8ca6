"""Discovery."""

from __future__ import annotations

import re

import conformance_support as support
import pytest

PUBLISHED_HOOK_VERSIONS = {"patient-view": "1.0", "order-select": "1.0", "order-sign": "1.0"}


@pytest.fixture(scope="module")
def services(client):
    return client.get("/cds-services").json["services"]


def test_discovery_is_available_by_get_disc_01_disc_13(client):
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert not answer.history


def test_discovery_with_a_trailing_slash_is_served_not_redirected_disc_01(client):
    assert client.get("/cds-services/").json == client.get("/cds-services").json
    assert client.get("/cds-services/").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("place", ["/cds-services", "/cds-services/"])
def test_head_and_options_on_discovery_work_disc_01(client, method, place):
    answer = client.open(place, method=method)
    assert answer.status_code == 200
    assert answer.data == b""


def test_discovery_is_an_object_with_an_array_of_services_disc_02(client):
    body = client.get("/cds-services").json
    assert set(body) == {"services"}
    assert isinstance(body["services"], list)


def test_every_service_names_its_hook_disc_04(services):
    assert [service["hook"] for service in services] == list(support.HOOKS)


def test_every_service_has_a_description_and_a_title_disc_05_disc_07(services):
    for service in services:
        assert service["description"].strip()
        assert service["title"].strip()


def test_every_advertised_id_can_be_called_and_needs_no_escaping_disc_06(client, services):
    for service in services:
        assert re.fullmatch(r"[a-z0-9-]+", service["id"])
        answer = client.post(f"/cds-services/{service['id']}", json=support.on_pathway(service["hook"]))
        assert answer.status_code == 200


def test_prefetch_is_an_object_of_strings_disc_08(services):
    for service in services:
        assert service["prefetch"]
        assert all(isinstance(key, str) and isinstance(query, str) for key, query in service["prefetch"].items())


def test_usage_requirements_say_what_is_required_disc_09(services):
    for service in services:
        assert "Condition is required" in service["usageRequirements"]


def test_version_is_that_of_the_specification_disc_10(services):
    for service in services:
        assert re.fullmatch(r"[23]\.\d+\.\d+", service["version"])


def test_hook_version_is_the_published_one_disc_11(services):
    assert {service["hook"]: service["hookVersion"] for service in services} == PUBLISHED_HOOK_VERSIONS


def test_ids_and_hooks_are_unique_disc_12(services):
    assert len({service["id"] for service in services}) == len({service["hook"] for service in services}) == len(services)


def test_discovery_is_the_same_after_a_restart_disc_14(client):
    assert client.get("/cds-services").data == client.get("/cds-services").data == support.service().get("/cds-services").data
