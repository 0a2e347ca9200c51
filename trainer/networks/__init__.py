"""Keras 3 building blocks: tensors in, tensors out; they know nothing above them."""
