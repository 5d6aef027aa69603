"""Exact ranking in stock TensorFlow ops: what every exported engine shares."""
