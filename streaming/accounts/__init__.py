"""Accounts: people, their logins, their devices and their API tokens."""
