"""Lives in the default dynamics, compiled: slates shown, and days lived through until the next visit.

The arithmetic is that of `World`, `Repertoire` and `MultinomialLogit`, in the same order and the same float32.  A test
holds the two together bit by bit, in every preset.
"""

from __future__ import annotations

import numpy as np

from serendip.envs.lives.figures import total, uniform, uniform_click
from serendip.envs.lives.loops import EXP, EXPM1, TANH, apply
from serendip.envs.lives.tables import (
    ACTIVITY,
    BASE,
    CLICK,
    DAY,
    DIGEST,
    DISCOVERY,
    DULL,
    END,
    FILL,
    FIRST,
    FORGET,
    FULL,
    GONE,
    LAST,
    LEARNING,
    LEAVE,
    LEAVING,
    LOG_RATE,
    LOYALTY,
    LUCK,
    MOOD,
    MOOD_STEP,
    MOST,
    N_SLATES,
    OUTSIDE,
    RATE,
    RETURN,
    SATISFACTION,
    SCALE,
    SLATES,
    UNFAMILIAR,
    VISIT,
    Lives,
    Rules,
    lives_of,
    rules_of,
    table_of,
)
from serendip.simulator.compiled.philox import compiled
from serendip.simulator.interface import Bools, Ints, Singles
from serendip.simulator.site import HALF_GAP, HALF_TENURE, HALF_VISIT

_ONE, _HALF = np.float32(1.0), np.float32(0.5)


@compiled
def _of_one(rules: Rules, loop: int, value: np.float32, at: int) -> np.float32:
    """Return NumPy's function of one number, for which there is room at `at`."""
    rules.room[at] = value
    apply(rules.loops[loop], rules.room[at:], 1, rules.scratch)
    return rules.room[at]


@compiled
def _match(rules: Rules, taste: Singles, items: Ints, match: Singles) -> None:
    """Write theta_u . v_i + q_i of each of `items` (L,) to `match`."""
    topic, quality, factors = rules.topic, rules.quality, rules.factors
    if len(factors) == 0:
        for slot in range(len(items)):
            match[slot] = taste[topic[items[slot]]] + quality[items[slot]]
    else:
        for slot in range(len(items)):
            match[slot] = total(taste * factors[items[slot]]) + quality[items[slot]]


@compiled
def _clicked(rules: Rules, lives: Lives, row: int, items: Ints) -> int:
    """Return the slot of the slate `items` (L,) that is clicked, or -1."""
    topic, examined, room, match, n_slots = rules.topic, rules.examined, rules.room, rules.match, len(items)
    fill, unfamiliar, outside = rules.numbers[FILL], rules.numbers[UNFAMILIAR], rules.numbers[OUTSIDE]
    n_topics = lives.fades.shape[1] // 2
    repertoire, satiation = lives.fades[row, :n_topics], lives.fades[row, n_topics:]
    for slot in range(n_slots):
        room[slot] = satiation[topic[items[slot]]] * fill
    if unfamiliar != 0.0:
        for slot in range(n_slots):
            room[slot] -= unfamiliar * (_ONE - repertoire[topic[items[slot]]])
    for slot in range(n_slots):
        room[slot] += match[slot]
    apply(rules.loops[EXP], room, n_slots, rules.scratch)
    upper = room[0] * examined[0]
    room[0] = upper
    for slot in range(1, n_slots):
        upper += room[slot] * examined[slot]
        room[slot] = upper
    clock = lives.clock[row]
    point = np.float32(uniform_click(rules.keys[CLICK], clock[LUCK], clock[DAY], clock[VISIT])) * (upper + outside)
    for slot in range(n_slots):
        if room[slot] > point:
            return slot
    return -1


@compiled
def _respond(rules: Rules, lives: Lives, row: int, items: Ints, slot: int) -> None:
    """Let a user see the slate `items` (L,), and learn from the click at `slot`, or be bored where it is -1."""
    topic_of, full, hidden, seen = rules.topic, rules.numbers[FULL], lives.hidden[row], lives.seen[row]
    n_topics = lives.fades.shape[1] // 2
    repertoire, satiation = lives.fades[row, :n_topics], lives.fades[row, n_topics:]
    for item in items:
        topic = topic_of[item]
        satiation[topic] += full
        seen[n_topics + topic] += _ONE
    gain = rules.numbers[DULL]
    if slot >= 0:
        topic = topic_of[items[slot]]
        gain = _of_one(rules, TANH, _HALF * rules.match[slot], 0)
        known = repertoire[topic]
        if gain > 0.0:
            repertoire[topic] = known + hidden[LEARNING] * (_ONE - known) * gain
        seen[topic] += _ONE
    hidden[MOOD] += hidden[MOOD_STEP] * (gain - hidden[MOOD])


@compiled
def _live_on(rules: Rules, lives: Lives, waiting: Ints, night: bool) -> None:
    """Live on, day by day, until each of `waiting` is there, has left for good or has no day left.

    All live through the same number of days at a time, so that NumPy's loops have many numbers to work on.

    Args:
        rules: what is the same for all.
        lives: what goes on.
        waiting: (B,) whose lives; overwritten.
        night: whether the night after today comes first.
    """
    n, clock = len(waiting), lives.clock
    while n:
        if night:
            _sleep(rules, lives, waiting[:n])
        kept = 0
        for at in range(n):
            row = waiting[at]
            if clock[row, GONE] or clock[row, DAY] >= clock[row, END] or _comes(rules, lives, row):
                clock[row, VISIT] = 0
                _remember(rules, clock[row], lives.seen[row])
            else:
                waiting[kept] = row
                kept += 1
        n, night = kept, True


@compiled
def _comes(rules: Rules, lives: Lives, row: int) -> bool:
    """Return whether the user comes today, and note how many slates they will see."""
    clock, rate, room = lives.clock[row], lives.hidden[row, RATE], rules.room
    luck = uniform(rules.keys[RETURN], clock[LUCK], clock[DAY])
    if luck >= 1.001 * rate:  # 1 - e^-x is at most x
        return False
    room[0] = -rate
    apply(rules.loops[EXPM1], room, 1, rules.scratch)
    if luck >= np.float64(-room[0]):
        return False
    more = uniform(rules.keys[SLATES], clock[LUCK], clock[DAY])
    clock[N_SLATES] = np.searchsorted(rules.more_slates, more, side="right") + 1
    return True


@compiled
def _sleep(rules: Rules, lives: Lives, rows: Ints) -> None:
    """Let a night pass for the lives at `rows` (B,)."""
    numbers, room, hidden, clock, fades = rules.numbers, rules.room, lives.hidden, lives.clock, lives.fades
    n_topics, exp = fades.shape[1] // 2, rules.loops[EXP]
    forget, digest, scale = numbers[FORGET], numbers[DIGEST], numbers[SCALE]
    for at in range(len(rows)):
        row = rows[at]
        leaves = uniform(rules.keys[LEAVE], clock[row, LUCK], clock[row, DAY])
        if leaves < 1.001 * numbers[LEAVING]:  # e^-x is at most 1
            hazard = numbers[LEAVING] * _of_one(rules, EXP, numbers[LOYALTY] * hidden[row, RATE], at)
            clock[row, GONE] = leaves < np.float64(hazard)
        for topic in range(n_topics):
            fades[row, topic] *= forget
        for topic in range(n_topics, 2 * n_topics):
            fades[row, topic] *= digest
        room[at] = -total(fades[row, :n_topics]) / scale
    apply(exp, room, len(rows), rules.scratch)
    for at in range(len(rows)):
        own = hidden[rows[at]]
        target = own[BASE] + own[DISCOVERY] * (_ONE - room[at]) + own[SATISFACTION] * own[MOOD]
        own[LOG_RATE] += (target - own[LOG_RATE]) / numbers[ACTIVITY]
        room[at] = own[LOG_RATE]
    apply(exp, room, len(rows), rules.scratch)
    for at in range(len(rows)):
        hidden[rows[at], RATE] = min(room[at], numbers[MOST])
        clock[rows[at], DAY] += 1


@compiled
def _remember(rules: Rules, clock: Ints, seen: Singles) -> None:
    """Let what a site remembers fade since the last visit."""
    if clock[FIRST] < 0:
        clock[FIRST] = clock[LAST] = clock[DAY]
    gap = clock[DAY] - clock[LAST]
    clock[LAST] = clock[DAY]
    fade = rules.fade[gap]
    for column in range(len(seen)):
        seen[column] *= fade
    seen[-3], seen[-2], seen[-1] = gap / HALF_GAP, (clock[DAY] - clock[FIRST]) / HALF_TENURE, 0.0


@compiled
def begin(book: Ints, rows: Ints) -> None:
    """Let the lives at `rows` (B,), whose first day is set, come to their first visit."""
    rules, lives = rules_of(book), lives_of(book)
    for row in rows:
        lives.hidden[row, RATE] = min(_of_one(rules, EXP, lives.hidden[row, LOG_RATE], 0), rules.numbers[MOST])
    _live_on(rules, lives, rows.copy(), False)


@compiled
def _show(rules: Rules, lives: Lives, row: int, items: Ints) -> int:
    """Show a slate (L,) to the life at `row`; return the slot that is clicked, or -1."""
    _match(rules, lives.taste[row], items, rules.match)
    slot = _clicked(rules, lives, row, items)
    _respond(rules, lives, row, items, slot)
    lives.clock[row, VISIT] += 1
    lives.seen[row, -1] = lives.clock[row, VISIT] / HALF_VISIT
    return slot


@compiled
def show(book: Ints, rows: Ints, items: Ints, clicked: Bools) -> None:
    """Show slates to the lives at `rows` and live on to their next.

    Args:
        book: where everything is.
        rows: (B,) whose lives.
        items: (B, L) what is shown.
        clicked: (B, L) what is written, where nothing is clicked yet.
    """
    rules, lives = rules_of(book), lives_of(book)
    over, n = np.empty(len(rows), np.int64), 0
    for at in range(len(rows)):
        row = rows[at]
        slot = _show(rules, lives, row, items[at])
        if slot >= 0:
            clicked[at, slot] = True
        if lives.clock[row, VISIT] >= lives.clock[row, N_SLATES]:
            over[n] = row
            n += 1
    _live_on(rules, lives, over[:n], True)


@compiled
def show_one(book: Ints, only: Ints, items: Ints, clicked: Bools) -> int:
    """Show a slate (L,) to the only life and live on to its next; write the clicks (L,); return how many.

    Args:
        book: where everything is.
        only: (1,) room for a row.
        items: (L,) what is shown.
        clicked: (L,) what is written, where nothing is clicked yet.
    """
    rules, lives = rules_of(book), lives_of(book)
    slot = _show(rules, lives, 0, items)
    if slot >= 0:
        clicked[slot] = True
    if lives.clock[0, VISIT] >= lives.clock[0, N_SLATES]:
        only[0] = 0
        _live_on(rules, lives, only, True)
    return int(slot >= 0)


@compiled
def features(book: Ints, rows: Ints, found: Singles) -> None:
    """Write (B, 2K + 3) what a site sees of the lives at `rows` (B,), as x / (x + 1)."""
    seen = table_of(book, 14)
    for at in range(len(rows)):
        row = rows[at]
        for column in range(seen.shape[1]):
            value = seen[row, column]
            found[at, column] = value / (value + _ONE)
