"""What columns are usually called, in the data sets that people have."""

from __future__ import annotations

import re

USUAL: dict[str, tuple[str, ...]] = {  # by role; the first that a file has is taken
    "user": (
        "userId", "user_id", "user", "uid", "reviewerID", "visitorid", "customer_id", "listener_id", "listener",
        "member_id", "session_id",
    ),
    "item": (
        "movieId", "item_id", "item", "iid", "parent_asin", "asin", "video_id", "product_id", "article_id", "artistID",
        "track_id", "song_id", "book_id", "business_id", "gmap_id", "news_id", "place_id", "isbn", "movie",
    ),
    "time": ("timestamp", "time", "unixtime", "ts", "unixReviewTime", "datetime", "date", "created_at", "t_dat", "day"),
    "rating": ("rating", "score", "overall", "stars", "book_rating"),
    "title": ("title", "name", "movie_title", "track_name", "artist_name"),
    "genres": ("genres", "genre", "categories", "category", "tags", "topic", "class"),
}  # fmt: skip


def plain(name: str) -> str:
    """Return a name without what people write differently: case, and what joins words."""
    return re.sub(r"[\s_\-.]", "", name.lower().partition(":")[0])


_KNOWN = {plain(name) for names in USUAL.values() for name in names}


def is_known(name: str) -> bool:
    """Return whether a column of that name has a role that is known."""
    return plain(name) in _KNOWN


def usual_column(role: str, present: tuple[str, ...]) -> str | None:
    """Return the column among `present` that has the role by its name, or None."""
    by_plain = {plain(name): name for name in reversed(present)}
    return next((by_plain[plain(name)] for name in USUAL[role] if plain(name) in by_plain), None)
