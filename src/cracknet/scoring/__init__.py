"""Pooled counts over thresholds and the scores that follow from them."""
