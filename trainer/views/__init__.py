"""Pages of the training studio, HTTP only, grouped by noun."""
