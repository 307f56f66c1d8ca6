"""Prefetch templates: only what every client can resolve."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import conformance_support as support
import pytest

TOKEN = re.compile(r"\{\{(.*?)\}\}")
USER_TOKENS = {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
TOKEN_FIELDS = {"context.patientId", "context.userId", "context.encounterId"}
PREFIXES = re.compile(r"(?:eq|lt|gt|ge|le)?\d{4}")


@pytest.fixture(scope="module")
def templates(client):
    return [(s["hook"], key, query) for s in client.get("/cds-services").json["services"] for key, query in s["prefetch"].items()]


@pytest.fixture(scope="module")
def parameters(templates):
    return [pair for _, _, query in templates for pair in parse_qsl(query.partition("?")[2], keep_blank_values=True)]


def test_no_advertised_key_is_ignored_pref_01(client, templates):
    for hook, key, _ in templates:
        body = support.on_pathway(hook)
        body["prefetch"][key] = support.failed()
        answer = support.call(client, body)
        if key == "Condition" and hook == "patient-view":
            assert support.refusal(answer, 412)["expression"] == ["prefetch.Condition"]
        else:
            assert key in support.card_of(answer, "data-incomplete")["detail"], f"{hook}: {key}"


def test_no_other_key_is_missed_pref_01(client, templates):
    for hook in support.HOOKS:
        body = support.on_pathway(hook)
        body["prefetch"] = {key: body["prefetch"][key] for h, key, _ in templates if h == hook}
        assert "data-incomplete" not in support.card_ids(support.call(client, body))


def test_each_template_is_a_relative_read_or_search_pref_02_pref_12_pref_13(templates):
    for _, key, query in templates:
        assert re.fullmatch(r"[A-Z][A-Za-z]+(/\{\{[^{}]+\}\}|\?[^?#]+)", query), query
        assert query.startswith(key)
        assert not any(word in query for word in ("://", "$", "_history"))


def test_tokens_stand_in_double_braces_only_pref_03(templates):
    for _, _, query in templates:
        assert TOKEN.search(query)
        assert not re.search(r"[{}]", TOKEN.sub("", query))


def test_tokens_are_context_fields_that_may_be_tokens_pref_04_pref_05_pref_06_pref_07(templates):
    for _, _, query in templates:
        for token in TOKEN.findall(query):
            assert token in TOKEN_FIELDS | USER_TOKENS


def test_no_fhirpath_and_no_dependency_between_keys_pref_08_pref_09_pref_10(templates):
    for _, _, query in templates:
        for token in TOKEN.findall(query):
            assert not re.search(r"[%()+ ]|today|resolve|ofType", token)


def test_only_the_common_subset_of_search_is_used_pref_11_pref_14_pref_15_pref_20(parameters):
    for name, _ in parameters:
        assert "." not in name
        assert name.partition(":")[2] in ("", "in")
        assert not name.startswith(("_has", "_include", "_revinclude", "_query", "_filter"))


def test_dates_use_the_common_prefixes_pref_16(parameters):
    for name, value in parameters:
        if name in ("date", "authoredon", "recorded-date", "onset-date", "_lastUpdated", "period"):
            assert PREFIXES.match(value)


def test_count_sort_and_total_are_written_portably_pref_17_pref_18_pref_19(parameters):
    names = [name for name, _ in parameters]
    assert "_maxresults" not in names
    assert not any(name.startswith("sort") for name in names)
    assert all(re.fullmatch(r"[1-9]\d*", value) for name, value in parameters if name == "_count")
    assert all(re.fullmatch(r"-?[a-z-]+(,-?[a-z-]+)*", value) for name, value in parameters if name == "_sort")


def test_no_parameter_is_given_twice_as_the_public_sandbox_would_join_them_pref_16(templates):
    for _, _, query in templates:
        names = [name for name, _ in parse_qsl(query.partition("?")[2])]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("hook", support.HOOKS)
def test_any_key_may_be_missing_without_a_crash_pref_21(client, hook):
    complete = support.on_pathway(hook)
    for key in complete["prefetch"]:
        answer = support.call(client, support.without(complete, f"prefetch.{key}"))
        assert answer.status_code == (412 if key == "Condition" else 200), key


@pytest.mark.parametrize("hook", support.HOOKS)
def test_required_data_does_not_hang_on_the_encounter_pref_23(client, templates, hook):
    body = support.on_pathway(hook)
    assert "encounterId" not in body["context"]
    assert support.call(client, body).status_code == 200
    assert not any("encounterId" in query for h, key, query in templates if h == hook and key == "Condition")
