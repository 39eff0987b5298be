"""From a chunk of the plan to encrypted segments, and the check of what was made."""
