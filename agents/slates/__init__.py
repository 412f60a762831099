"""Slate builders: strategies that know how users choose from a slate, and fill one as a whole.

They need a belief that knows the choice model, such as `choice-mixture`.  Adding one is a file beside this one, which
ends with its card, and a line in `STRATEGIES` in `agents/strategies/__init__.py`.
"""
