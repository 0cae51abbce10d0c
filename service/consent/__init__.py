"""What exactly the patient agreed to: which text, which version, when, in which words, under which name.

Evidence is only ever added.
"""
