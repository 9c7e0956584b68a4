"""Requests, credentials and the declaration of an endpoint."""
