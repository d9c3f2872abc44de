"""What the README claims, measured again by ``bin/headrace bench``."""
