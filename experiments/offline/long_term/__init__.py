"""Activity over a horizon: what a target would make of its users' visits, not of one slate.

Days without a visit count, and users change with what they are shown, so that weights of single decisions answer
another question.  The estimators here follow the user's state from day to day.
"""
