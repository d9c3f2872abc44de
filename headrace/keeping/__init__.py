"""What keeps a project in order: whose executions are dead, what may go, copies of the store.

Light, for both sides; what opens a store is in ``headrace.store``.
"""
