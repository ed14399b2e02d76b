"""What the platform itself says: kinds of notes, put into words by nbjudge.languages where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# What the platform can say, in any language: the catalogues hold a text for each kind. The words are someone else's
# (Python's, torch's, an author's) where a record holds plain text instead.
RepairKind = Literal[  # what was unusual about a notebook, and what was done about it: docs/repair.md
    "metadata_lost",
    "all_metadata_lost",
    "much_metadata_lost",
    "given_edited",
    "given_additions_kept",
    "given_repeated",
    "given_restored",
    "test_edited",
    "test_additions_kept",
    "test_repeated",
    "copy_is_own",
    "tests_deleted",
    "copies_changed",
    "copies_alike",
    "parts_joined",
    "code_in_text",
    "found_by_names",
    "many_found_by_names",
    "answers_merged",
    "found_by_place",
    "answer_beside",
    "answer_in_question",
    "merge_conflicts",
    "outputs_dropped",
    "order_restored",
    "other_assignment",
    "nothing_found",
    "more_repairs",
]
RejectionKind = Literal[  # why a file is not a notebook
    "empty_file",
    "pdf",
    "zip",
    "gzip",
    "png",
    "jpeg",
    "office",
    "rtf",
    "web_page",
    "not_json",
    "not_an_object",
    "no_cells",
    "file_too_large",
    "too_deep",
    "too_many_cells",
    "too_many_values",
    "another_assignment",
    "given_up",  # judging it came to no end, twice
]
MessageKind = Literal[  # how a test or a cell ended
    "too_slow",
    "cell_too_slow",
    "loading_too_slow",
    "comparing_too_slow",
    "memory_used_up",
    "gpu_memory_used_up",
    "segmentation_fault",
    "killed",
    "exited",
    "ended",
    "protocol_broken",
    "not_passed_on",
    "judging_failed",
    "process_lost",
    "not_tried",
    "not_reached",
    "name_missing",
    "missing_because",
    "would_be_bound",
    "because_failed",
    "because_after",
    "because_unneeded",
    "line_failed",
    "lines_left_out",
    "cell_missing",
    "name_not_assigned",
    "check_failed",
    "not_equal",
    "compared",
    "unusable",
    "no_credit",
]
CheckKind = Literal[  # what a helper of nbjudge.testing found, and the values in it
    "not_a_number",
    "not_numbers",
    "other_kind",
    "not_a_tensor",
    "other_shape",
    "no_shape",
    "other_tensor_shape",
    "broadcast_shape",
    "other_dtype",
    "other_length",
    "not_close",
    "not_close_few",
    "not_close_number",
    "not_close_details",
    "argument_changed",
    "requires_grad_changed",
    "not_finite",
    "too_few_values",
    "not_falling",
    "code_too_long",
    "code_unreadable",
    "a_tensor",
    "a_plain_value",
]
ReceiptKind = Literal[
    "rejected",
    "late",
    "too_late",
    "not_looked_into",
    "time_unknown",
    "marked_late",
    "earlier_attempt",
    "file_taken",
    "file_left_out",
]
LookKind = Literal["reaches_for"]  # what a person should look at
BoundKind = Literal[  # what could not be shown to a person, and why
    "answers_not_shown",
    "outputs_not_shown",
    "over_memory",
    "over_time",
    "over_size",
    "work_failed",
]
NoticeKind = Literal[  # what a receipt says of the notebook's text: intake/notices.py, app/reading.py
    "answers_missing",
    "answers_untouched",
    "cell_not_python",
    "package_missing",
    "downloads",
    "asks_for_input",
    "needs_gpu",
    "checkpoint_file",
    "like_another_assignment",
    "repairs_on_the_page",
]
NoteKind = Literal[
    RepairKind,
    RejectionKind,
    MessageKind,
    CheckKind,
    ReceiptKind,
    BoundKind,
    LookKind,
    NoticeKind,
]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the platform itself says: a kind and values, put into words by nbjudge.languages where it is shown.

    A value called `n` decides the plural form; one called `when` is a moment in ISO 8601.
    """

    kind: NoteKind
    values: Mapping[str, str | int | float | tuple[int | str, ...] | Note] = field(default_factory=dict)
