"""Every layout and every attack that a loader should know, written as people write them."""
