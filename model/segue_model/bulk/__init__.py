"""What runs over all listeners at once, on one machine or on many: the Gram matrix, every list."""
