"""The HTTP API under /api/v1: what the page uses, and programs may."""
