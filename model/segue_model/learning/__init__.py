"""What is learned from listens and features: arrays, by numpy and scipy alone."""
