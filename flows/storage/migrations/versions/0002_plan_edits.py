"""Edits of plans

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

import flows.storage.models


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('plan_edits',
    sa.Column('encounter_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('result', sa.Integer(), nullable=False),
    sa.Column('at', flows.storage.models.UtcTime(), nullable=False),
    sa.Column('by', sa.String(length=32), nullable=False),
    sa.Column('sealed_body', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['encounter_id'], ['encounters.id'], ),
    sa.PrimaryKeyConstraint('encounter_id', 'number')
    )


def downgrade() -> None:
    op.drop_table('plan_edits')
