"""The tables. Migrations (``migrations/``) make them; this is how the code names them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# One answered hook call.
calls = Table(
    "calls",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", DateTime, nullable=False, index=True),  # UTC
    Column("client", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook", String(32), nullable=False),
    Column("instance", String(36), nullable=False),
    Column("patient", String(32), nullable=False),  # keyed hash
    Column("user", String(32), nullable=False),  # keyed hash
    Column("encounter", String(32), nullable=False),  # keyed hash, empty when the call named none
    Column("content", String(64), nullable=False),
    Column("shadow", Boolean, nullable=False),
)

# One card of an answer; of a client in shadow mode, one that was withheld.
cards = Table(
    "cards",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("call", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("patient", String(32), nullable=False, index=True),
    Column("card", String(80), nullable=False),
    Column("indicator", String(10), nullable=False),
    Column("facts", Text, nullable=False),  # fingerprint of what it was shown on, hashed (facts.py)
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("card", ForeignKey("cards.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(200), nullable=False),  # of the content: an order or what is deleted, never of the chart
)

# One statement of a clinician on a card. ``digest`` makes a delivery that is repeated the same statement. The card may be
# unknown here: it can be older than what is kept.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("card", String(64), nullable=False, index=True),  # uuid as the client wrote it
    Column("known", Boolean, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("outcome_at", DateTime, nullable=False),  # UTC, by the client's clock
    Column("received_at", DateTime, nullable=False, index=True),  # UTC
    Column("reason", String(200), nullable=True),
    Column("reason_system", String(200), nullable=True),
    Column("commented", Boolean, nullable=False),
    Column("comment", Text, nullable=True),
    Column("digest", String(64), nullable=False),
    Column("patient", String(32), nullable=True),  # keyed hash, that of the card; none while the card is not known
    UniqueConstraint("client", "digest"),
)

accepted = Table(
    "accepted",
    metadata,
    Column("feedback", ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True),
    Column("suggestion", String(64), primary_key=True),
)

# Tokens that were used, until they expire (epoch seconds).
tokens = Table(
    "tokens",
    metadata,
    Column("id", String(64), primary_key=True),  # hash of issuer and jti
    Column("expires", Float, nullable=False, index=True),
)

# What each client has used up of its calls a minute (rates.py).
rates = Table(
    "rates",
    metadata,
    Column("id", String(32), primary_key=True),  # keyed hash of a client, or of an address in open mode
    Column("full_at", BigInteger, nullable=False),  # microseconds of the epoch: when all is refilled
)

Index("ix_feedback_client_card", feedback.c.client, feedback.c.card)
Index("ix_feedback_patient_client", feedback.c.patient, feedback.c.client)
