"""Feedback knows whose card it is about, so that what was answered for a patient is found without a look at every card."""

import sqlalchemy as sa
from alembic import op

revision = "0003_feedback_patient"
down_revision = "0002_rates"

_THEIRS = (
    "UPDATE feedback SET patient = (SELECT cards.patient FROM cards JOIN calls ON calls.id = cards.call"
    " WHERE cards.uuid = feedback.card AND calls.client = feedback.client)"
)


def upgrade() -> None:
    op.add_column("feedback", sa.Column("patient", sa.String(32), nullable=True))
    op.execute(_THEIRS)
    op.create_index("ix_feedback_patient_client", "feedback", ["patient", "client"])
