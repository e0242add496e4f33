"""Acoustic fingerprints of recordings, interoperable with Chromaprint and AcoustID.

Chromaprint's algorithm 2, from its published description (L. Lalinský, "How does Chromaprint work?", 2011)
and after Ke, Hoiem and Sukthankar, "Computer Vision for Music Identification" (CVPR 2005): what changes
between neighbouring pitch classes and moments, as 32 bits for every 0.124 s.
"""

from shared.fingerprint.compression import CompressionError, compress, decompress
from shared.fingerprint.subfingerprints import SECONDS_EACH, Subfingerprints

__all__ = ["SECONDS_EACH", "CompressionError", "Subfingerprints", "compress", "decompress"]
