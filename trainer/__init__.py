"""Make networks: recipes, the one training loop, checkpoints and the studio around them."""
