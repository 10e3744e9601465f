"""Stash as a library: transport, our own GraphQL documents, frozen records, and writes by bulk ADD and REMOVE
only.
"""
