"""References to prescriptions written elsewhere, and the parcels that carry them.

Nothing here prescribes or computes a dose. A parcel needs the gate's yes, recorded.
"""
