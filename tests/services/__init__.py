# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests use outside: a PostgreSQL and a RabbitMQ of their own, and the judge."""
