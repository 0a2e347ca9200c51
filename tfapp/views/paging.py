"""Pages of a long list, without counting it: one row more than a page says whether there is a next one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

PAGE_SIZE = 24
LAST_PAGE = 100_000


@dataclass(frozen=True)
class Page:
    """Speaks like Django's own page, but does not know how many there are."""

    object_list: list[Any]
    number: int
    has_next: bool

    def __iter__(self) -> Iterator[Any]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_other_pages(self) -> bool:
        return self.has_previous or self.has_next

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def previous_page_number(self) -> int:
        return self.number - 1


def cut(queryset: QuerySet, *, number: int, size: int = PAGE_SIZE) -> Page:
    """The page of that number; empty past the end."""
    start = (min(number, LAST_PAGE) - 1) * size
    rows = list(queryset[start : start + size + 1])
    return Page(rows[:size], number, has_next=len(rows) > size)


def of(request: HttpRequest, queryset: QuerySet) -> Page:
    """The page that `?page=` asks for; ends the request with 404 where there is none."""
    word = request.GET.get("page", "1")
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 7 else 0
    page = cut(queryset, number=number) if number else None
    if page is None or (number > 1 and not page.object_list):
        raise Http404
    return page
