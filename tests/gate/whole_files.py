"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_whole_texts(texts: Mapping[Path, str]) -> None:
    """Write each text to its path, as UTF-8; none is there in part, and none is new if a draft cannot be written.

    Raises:
        OSError: if one cannot be written.
    """
    drafts = {path: path.with_name(path.name + ".part") for path in texts}
    try:
        for path, text in texts.items():
            drafts[path].write_text(text, encoding="utf-8")
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
