"""Find the routes of one truck that are worth more than they cost, at given prices; compiled.

Every route is built lot by lot. A route so far is dropped where another one ends at the same port
no later, at no higher a price, having served no lot that it has not; and where even the best way
to go on, lots being allowed twice, reaches no price below the limit. What is left is exact.
"""

from __future__ import annotations

import numpy as np

from routing.engine.compiled import compiled

STEP_S = 300
"""The grid on which the best ways to go on are reckoned; times are rounded down, prices too."""
_MOST = 1 << 19
_MOST_GREEDY = 1 << 14
"""So many routes so far are kept, at least; beyond, what is left proves nothing."""


@compiled
def onward(to_lot_s, loaded_s, first_s, last_s, lot_slots, slot_port, lot_price, slot_price, end_s):
    """Reckon the least price of going on from each port at each time of the grid.

    The price of a route is 0.7 × driving + 0.3 × its end, less the prices of its lots, plus
    those of its slots.

    Parameters
    ----------
    to_lot_s
        Driving from ports to lots, shape ``(ports, lots)``.
    loaded_s, first_s, last_s
        For each lot and slot: driving to the port, and when loading may begin.
    lot_slots
        For each lot, its slots, -1 where there are no more.
    slot_port
        Of each slot.
    lot_price, slot_price
        At which lots are bought and slots are sold; a lot without a price is not bought.
    end_s
        When the truck's shift ends.

    Returns
    -------
    numpy.ndarray
        Shape ``(ports, times)``.
    """
    ports, lots = to_lot_s.shape
    times = end_s // STEP_S + 1
    least = np.empty((ports, times))
    for at in range(times - 1, -1, -1):
        now = at * STEP_S
        for port in range(ports):
            best = 0.3 * now
            for lot in range(lots):
                price = lot_price[lot]
                if price <= 0.0:
                    continue
                arrival = now + to_lot_s[port, lot]
                for k in range(lot_slots.shape[1]):
                    slot = lot_slots[lot, k]
                    if slot < 0:
                        break
                    begun = max(arrival, first_s[lot, slot])
                    if begun > last_s[lot, slot]:
                        continue
                    done = begun + 3600 + loaded_s[lot, slot]
                    if done > end_s:
                        continue
                    cost = (
                        0.7 * (to_lot_s[port, lot] + loaded_s[lot, slot])
                        - 1080.0
                        - price
                        + slot_price[slot]
                        + least[slot_port[slot], done // STEP_S]
                    )
                    best = min(best, cost)
            least[port, at] = best
    return least


@compiled
def price_routes(
    from_start_s,
    to_lot_s,
    loaded_s,
    first_s,
    last_s,
    lot_slots,
    slot_port,
    lot_price,
    slot_price,
    begin_s,
    end_s,
    limit,
    wanted,
    greedy,
):
    """Find a truck's routes whose price is below a limit.

    Parameters
    ----------
    from_start_s
        Driving from the truck's start to lots, shape ``(lots,)``.
    to_lot_s, loaded_s, first_s, last_s, lot_slots, slot_port, lot_price, slot_price
        As for `onward`.
    begin_s, end_s
        The truck's shift.
    limit
        Only routes below this price are looked for.
    wanted
        How many to return, the best ones.
    greedy
        A route so far is also dropped for another one that has served other lots: quick, and
        proves nothing.

    Returns
    -------
    tuple
        The lots and the slots of the routes, -1 where there are no more, shapes ``(n, 14)``; their
        prices; and a price that no route is below, the limit if there is none below it.
    """
    ports, lots = to_lot_s.shape
    least = onward(
        to_lot_s, loaded_s, first_s, last_s, lot_slots, slot_port, lot_price, slot_price, end_s
    )
    room = 4096
    port_of = np.empty(room, np.int64)
    time_of = np.empty(room, np.int64)
    price_of = np.empty(room)
    words = (lots + 63) // 64
    seen = np.zeros((room, words), np.uint64)
    nothing = np.zeros(words, np.uint64)
    new = np.zeros(words, np.uint64)
    before = np.empty(room, np.int64)
    lot_of = np.empty(room, np.int64)
    slot_of = np.empty(room, np.int64)
    link = np.empty(room, np.int64)  # the label before in its port's list
    ahead = np.empty(room, np.int64)  # the label before in its time's list
    alive = np.empty(room, np.bool_)
    in_port = np.full(ports, -1, np.int64)
    in_time = np.full(end_s // STEP_S + 2, -1, np.int64)
    count = 0
    bound = limit
    full = False
    top = -1
    step = begin_s // STEP_S
    while True:
        # the start first, then every label in the order of the times
        if top == -1:
            now, base, here, had = begin_s, -0.3 * begin_s, -1, nothing
        else:
            if not alive[top]:
                top = ahead[top]
                while top == -1 and step < len(in_time) - 1:
                    step += 1
                    top = in_time[step]
                if top == -1:
                    break
                continue
            now, base, here = time_of[top], price_of[top], port_of[top]
            had = seen[top].copy()
        for lot in range(lots):
            if lot_price[lot] <= 0.0:
                continue
            bit = np.uint64(1) << np.uint64(lot & 63)
            if had[lot >> 6] & bit:
                continue
            new[:] = had
            new[lot >> 6] |= bit
            way = from_start_s[lot] if here < 0 else to_lot_s[here, lot]
            for k in range(lot_slots.shape[1]):
                slot = lot_slots[lot, k]
                if slot < 0:
                    break
                begun = max(now + way, first_s[lot, slot])
                if begun > last_s[lot, slot]:
                    continue
                done = begun + 3600 + loaded_s[lot, slot]
                if done > end_s:
                    continue
                port = slot_port[slot]
                price = (
                    base
                    + 0.7 * (way + loaded_s[lot, slot])
                    - 1080.0
                    - lot_price[lot]
                    + slot_price[slot]
                )
                if price + least[port, done // STEP_S] >= limit:
                    continue
                worse = False
                other = in_port[port]
                while other >= 0:
                    if alive[other]:
                        if time_of[other] <= done and price_of[other] <= price:
                            inside = True
                            if not greedy:
                                for word in range(words):
                                    if seen[other, word] & ~new[word]:
                                        inside = False
                                        break
                            if inside:
                                worse = True
                                break
                        elif (
                            time_of[other] >= done
                            and price_of[other] >= price
                            and time_of[other] // STEP_S > step
                        ):
                            inside = True
                            if not greedy:
                                for word in range(words):
                                    if new[word] & ~seen[other, word]:
                                        inside = False
                                        break
                            if inside:
                                alive[other] = False
                    other = link[other]
                if worse:
                    continue
                if count == room:
                    if room >= (_MOST_GREEDY if greedy else _MOST):
                        full = True
                        continue
                    room *= 2
                    port_of = np.append(port_of, port_of)
                    time_of = np.append(time_of, time_of)
                    price_of = np.append(price_of, price_of)
                    seen = np.concatenate((seen, seen))
                    before = np.append(before, before)
                    lot_of = np.append(lot_of, lot_of)
                    slot_of = np.append(slot_of, slot_of)
                    link = np.append(link, link)
                    ahead = np.append(ahead, ahead)
                    alive = np.append(alive, alive)
                port_of[count], time_of[count], price_of[count] = port, done, price
                seen[count] = new
                before[count], lot_of[count], slot_of[count] = top, lot, slot
                alive[count] = True
                link[count] = in_port[port]
                in_port[port] = count
                ahead[count] = in_time[done // STEP_S]
                in_time[done // STEP_S] = count
                count += 1
        if top == -1:
            step = 0
            top = in_time[0]
        else:
            top = ahead[top]
        while top == -1 and step < len(in_time) - 1:
            step += 1
            top = in_time[step]
        if top == -1:
            break
    total = price_of[:count] + 0.3 * time_of[:count]
    order = np.argsort(total)
    found = 0
    while found < min(count, wanted) and total[order[found]] < limit:
        found += 1
    out_lots = np.full((found, 14), -1, np.int64)
    out_slots = np.full((found, 14), -1, np.int64)
    prices = np.empty(found)
    for row in range(found):
        label = order[row]
        prices[row] = total[label]
        place = 0
        while label >= 0 and place < 14:
            out_lots[row, place], out_slots[row, place] = lot_of[label], slot_of[label]
            label = before[label]
            place += 1
    if found:
        bound = prices[0]
    if full:
        bound = -np.inf
    return out_lots, out_slots, prices, bound
