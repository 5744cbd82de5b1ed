"""Find, measure and report cracks in photographs of concrete."""

__version__ = "0.1.0"
