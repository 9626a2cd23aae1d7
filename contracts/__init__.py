"""The law on chain, as the rest of the house reads it: compiled contracts, without any web3.

>>> from contracts import load
>>> [(slot.slot, slot.label) for slot in load("CertificateAnchor").storage[:2]]
[(0, 'count'), (1, 'head')]
"""

from contracts.artifacts import NAMES, Artifact, Slot, load

__all__ = ["NAMES", "Artifact", "Slot", "load"]
