"""Work on several machines, by Ray: its tasks, and the limits they share.

What is imported here needs no Ray; it is loaded with the first task.
"""

from negosim.cluster._connection import AUTO, LOCAL, Cluster, connected, refuse_objects
from negosim.cluster._work import (
    MOST_LOSSES,
    Item,
    Perform,
    Received,
    Send,
    TaskTools,
    Work,
    refuse_in_process,
)

__all__ = [
    "AUTO",
    "LOCAL",
    "MOST_LOSSES",
    "Cluster",
    "Item",
    "Perform",
    "Received",
    "Send",
    "TaskTools",
    "Work",
    "connected",
    "refuse_in_process",
    "refuse_objects",
]
