"""The app: pages and API, uploads, safety."""
