"""The explorers: widgets in which a learner moves an idea of the course and sees all that follows from it.

`EXPLORERS` lists the classes; `standalone_page(explorer)` gives any of them as a page that needs no kernel.
"""

from explorers.angular import AngularExplorer
from explorers.hash_planes import HashPlanesExplorer
from explorers.page import standalone_page
from explorers.soft_lookup import SoftLookupExplorer

EXPLORERS = [SoftLookupExplorer, HashPlanesExplorer, AngularExplorer]

__all__ = ["EXPLORERS", "AngularExplorer", "HashPlanesExplorer", "SoftLookupExplorer", "standalone_page"]
