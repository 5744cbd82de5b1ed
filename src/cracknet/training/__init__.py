"""Recipe, losses, loop, checkpoints, and export to the inference engine."""
