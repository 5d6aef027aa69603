"""What TensorFlow reads when it is imported: no fast kernels, nor pages about them."""

from typing import Final

# An export needs no speed, and a measurement is to be that of the stock model server.
QUIET: Final = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "2"}
