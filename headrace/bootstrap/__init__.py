"""Makes the two environments, and says what a machine lacks for them.

Runs with the Python that the machine has, before anything is installed: standard library only.
"""
