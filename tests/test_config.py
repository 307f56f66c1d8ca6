"""Settings: every name of the contract is known, and what is not understood stops the start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cds_service.config import DATABASE, BadSetting, Settings, settings_from

# The names that outsiders rely on, each with a good value.
GOOD = {
    "CDS_NOW": "2026-03-02T12:00:00+00:00",
    "CDS_TIMEZONE": "Europe/Berlin",
    "CDS_CARDS": "cards",
    "CDS_FHIR_SERVERS": "https://fhir.north.example/r4, http://127.0.0.1:9000/fhir/",
    "CDS_DATABASE_URL": "postgresql+psycopg://db/cds",
    "CDS_PUBLIC_URL": "https://cds.north.example/hip/",
    "CDS_DEADLINE_MS": "250",
    "CDS_MAX_BODY_MB": "5",
    "CDS_CORS_ORIGINS": "*",
    "CDS_LOG_LEVEL": "WARNING",
    "CDS_RADICULOPATHY_RULE": "off",
    "CDS_ADVICE_ON_ORDER_SIGN": "1",
    "CDS_MAX_INFO_CARDS": "4,1",
    "CDS_HASH_KEY": "secret",
    "CDS_STORE_COMMENTS": "1",
    "CDS_RETENTION_DAYS": "30",
    "CDS_TRUSTED_PROXIES": "1",
    "CDS_ALLOW_ANONYMOUS": "1",
    "CDS_RATE_LIMIT": "600",
    "CDS_JOURNAL": "/var/lib/cds-service/journal",
}
BAD = {
    "CDS_NOW": ["yesterday", "2026-03-02T12:00:00"],
    "CDS_TIMEZONE": ["Mars/Olympus"],
    "CDS_CARDS": ["/nowhere/at/all"],
    "CDS_CLIENTS": ["/nowhere/clients.yaml"],
    "CDS_FHIR_SERVERS": ["fhir.north.example"],
    "CDS_PUBLIC_URL": ["cds.north.example", "https://x.example/?a=1"],
    "CDS_DEADLINE_MS": ["0", "fast"],
    "CDS_JOURNAL": ["journal", "./journal"],
    "CDS_MAX_BODY_MB": ["-1"],
    "CDS_LOG_LEVEL": ["LOUD"],
    "CDS_RADICULOPATHY_RULE": ["fda"],
    "CDS_ADVICE_ON_ORDER_SIGN": ["yes"],
    "CDS_MAX_INFO_CARDS": ["3", "3,-1"],
    "CDS_STORE_COMMENTS": ["true"],
    "CDS_RETENTION_DAYS": ["0"],
    "CDS_TRUSTED_PROXIES": ["-1"],
    "CDS_RATE_LIMIT": ["0", "many"],
    "CDS_ALLOW_ANONYMOUS": ["2"],
}


def test_nothing_set_gives_the_defaults() -> None:
    assert settings_from({"PATH": "/bin"}) == Settings(database_url=DATABASE)


def test_all_good_values_together() -> None:
    settings = settings_from(GOOD)
    assert settings.now == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert settings.fhir_servers == ("https://fhir.north.example/r4", "http://127.0.0.1:9000/fhir")
    assert settings.public_url == "https://cds.north.example/hip"
    assert settings.max_info_cards == (4, 1)
    assert settings.switched_off == ("radiculopathy-rule",)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_bad_value_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        settings_from({name: value})


def test_an_unknown_name_stops_the_start_and_is_named() -> None:
    with pytest.raises(BadSetting, match="CDS_DEADLINE"):
        settings_from({"CDS_DEADLINE": "400"})


def test_an_empty_value_counts_as_not_set() -> None:
    assert settings_from({"CDS_NOW": "", "CDS_CLIENTS": ""}) == Settings(database_url=DATABASE)


def test_a_database_server_needs_a_key_that_all_processes_share() -> None:
    with pytest.raises(BadSetting, match="CDS_HASH_KEY"):
        settings_from({"CDS_DATABASE_URL": "postgresql://cds@localhost/cds"})


@pytest.mark.parametrize("url", ["mysql://x", "cds.sqlite3", "sqlite:/x", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_that_is_not_tested_is_refused_and_its_password_not_repeated(url: str) -> None:
    with pytest.raises(BadSetting, match="CDS_DATABASE_URL: ") as refused:
        settings_from({"CDS_DATABASE_URL": url})
    assert f"{url!r}" not in str(refused.value)


def test_the_clock_is_in_the_zone_of_the_site() -> None:
    late = settings_from({"CDS_NOW": "2026-03-02T23:30:00+00:00", "CDS_TIMEZONE": "Europe/Berlin"})
    assert late.clock().date().isoformat() == "2026-03-03"
    assert late.clock() == datetime(2026, 3, 3, 0, 30, tzinfo=timezone(timedelta(hours=1)))


def test_without_a_fixed_clock_the_real_one_runs() -> None:
    assert abs(Settings().clock() - datetime.now(UTC)) < timedelta(minutes=1)
