"""Whole experiments, from photographs to a report."""
