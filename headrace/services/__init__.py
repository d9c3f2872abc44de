"""Runs services of several components on this machine: starts, watches and stops them."""
