"""What is fed to all that headrace parses, and how often; the tests are ``test_bad_input.py``.

In a run of the tests each property has some tens of cases, always the same ones. A campaign,
``bin/headrace bench --fuzz``, gives each many times as many, by a seed.
"""
