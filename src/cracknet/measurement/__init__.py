"""From a mask to engineering: centreline, widths, scale, classes, and change between dates."""
