"""What must stop, and who must look.

An answer that worries us writes an alert and a hold in the same moment the patient sees where help is. An alert that
nobody acknowledges climbs, on a clock of its own.
"""
