"""What visitors see, grouped by noun. HTTP only: the stories are told elsewhere."""
