"""Image and mask pairs, splits by source photograph, and random crops."""
