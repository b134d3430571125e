"""Where results are written: the one rule by which nothing of a person's is lost.

- An output never takes the place of an input: that is refused, whatever else was asked for. Files
  are compared by what they are on the disk, so links and other spellings of a path change nothing.
- A file that is there stays. A name that the person gave is refused then; one that Sayso chose is
  numbered, and that is said. `overwrite` replaces what is there.
- Two outputs of one request never have one name.
- What is deleted or replaced without a word is only what Sayso wrote itself, unchanged since.
- A name out of a manifest, a database or an archive is joined to its folder by `inside`, which
  cannot leave it.
"""

from sayso.outputs.names import (
    PATTERN,
    file_name,
    fitting,
    folded,
    inside,
    leaves,
    local_path,
    named,
    numbered,
    shown,
    text_of,
)
from sayso.outputs.places import (
    Destination,
    check_file,
    check_folder,
    file_of,
    held,
    is_blocked,
    is_same,
    refuse_inputs,
    unused,
)
from sayso.outputs.room import Size, check_sound
from sayso.outputs.written import Written

__all__ = [
    "PATTERN",
    "Destination",
    "Size",
    "Written",
    "check_file",
    "check_folder",
    "check_sound",
    "file_name",
    "file_of",
    "fitting",
    "folded",
    "held",
    "inside",
    "is_blocked",
    "is_same",
    "leaves",
    "local_path",
    "named",
    "numbered",
    "refuse_inputs",
    "shown",
    "text_of",
    "unused",
]
