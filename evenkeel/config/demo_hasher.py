"""Password hashing for the demo clinic alone.

Its passwords are printed on the screen, so a hash that is slow to compute would guard nothing and only hold
up the many signatures of a simulated day.
"""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class DemoPasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with few rounds, under a name of its own so that no real clinic reads such a hash."""

    algorithm = "demo_pbkdf2_sha256"
    iterations = 1_000
