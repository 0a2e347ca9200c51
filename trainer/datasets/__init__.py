"""Folders of pictures made into batches; they know nothing of networks."""
