"""The explorers: widgets in which a learner moves an idea of the course and sees all that follows from it.

`EXPLORERS` lists the classes; `standalone_page(explorer)` gives any of them as a page that needs no kernel.
"""

from explorers.angular import AngularExplorer
from explorers.attention_matrix import AttentionMatrixExplorer
from explorers.dialogue_reading import ReadingExplorer, reading_the_model
from explorers.dot_products import DotProductExplorer
from explorers.hash_planes import HashPlanesExplorer
from explorers.memory_meter import MemoryMeterExplorer
from explorers.page import standalone_page
from explorers.reversible_steps import ReversibleStepsExplorer
from explorers.soft_lookup import SoftLookupExplorer
from explorers.sort_and_chunk import SortAndChunkExplorer
from explorers.training_live import TrainingExplorer
from explorers.which_pairs import WhichPairsExplorer
from explorers.whole_road import WholeRoadExplorer

EXPLORERS = [
    DotProductExplorer,
    SoftLookupExplorer,
    HashPlanesExplorer,
    AngularExplorer,
    SortAndChunkExplorer,
    WholeRoadExplorer,
    AttentionMatrixExplorer,
    ReversibleStepsExplorer,
    MemoryMeterExplorer,
    TrainingExplorer,
    ReadingExplorer,
    WhichPairsExplorer,
]

__all__ = [
    "EXPLORERS",
    "AngularExplorer",
    "AttentionMatrixExplorer",
    "DotProductExplorer",
    "HashPlanesExplorer",
    "MemoryMeterExplorer",
    "ReadingExplorer",
    "ReversibleStepsExplorer",
    "SoftLookupExplorer",
    "SortAndChunkExplorer",
    "TrainingExplorer",
    "WhichPairsExplorer",
    "WholeRoadExplorer",
    "reading_the_model",
    "standalone_page",
]
