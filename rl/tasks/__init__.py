"""The two tasks of the hindsight work: donation to Save the Children, and emotional support."""

from negosim.rl.tasks._task import DONATION, SUPPORT, TASKS, Task, task_named

__all__ = ["DONATION", "SUPPORT", "TASKS", "Task", "task_named"]
