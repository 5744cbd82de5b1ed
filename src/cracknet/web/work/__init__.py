"""The worker process that segments and measures, its supervisor, and the making of result files."""
