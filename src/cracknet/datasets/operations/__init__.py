"""Changes of a photograph: geometric, with its mask, and photometric, of its light alone."""
