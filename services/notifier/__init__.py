"""Tells distributors of decisions: signed webhooks, tried for days, each step on the record."""
