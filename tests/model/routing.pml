/*
 * routing.pml -- machine R of the instance of condition c, as core/alarm_routing.c has it.
 *
 * Both conditions are urgent (no LOW one is modelled), so is_urgent holds and staff_only does not.
 */
byte rs[2] = rs_DONE; /* state */
byte rt[2]; /* ticks since it was sent */
bit quiet, link, room; /* quiet mode; a remote sink, the room's sink is well, as far as is known */

#define is_urgent true
#define staff_first (quiet && link)
#define no_receipt REACHED(rt[c], RECEIPT_T)
#define second_due REACHED(rt[c], SECOND_T)
#define room_due REACHED(rt[c], LOCAL_T)

#define ON_THE_WAY (rs_SENT | rs_CONFIRMED | rs_ESCALATED)

#define ROW_Q(n, from, inputs, guard, to, word) \
    if \
    :: r_row == 0 && (rs[c] & (from)) && (in_r & (inputs)) && (guard) -> r_row = n; r_next = to TAKEN(Q, n) \
    :: else \
    fi;

hidden byte r_row, r_next;
hidden short in_r;

inline step_routing()
{
    r_row = 0; r_next = STAY;
    ROW(Q, 13, rs_DONE | ON_THE_WAY, ri_RESTORED, ALWAYS, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 1, rs_DONE, ri_OPEN | ri_WORSE, staff_first, rs_SENT, rw_SENT)
    ROW(Q, 2, rs_DONE, ri_OPEN | ri_WORSE, ALWAYS, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 15, rs_ESCALATED, ri_WORSE, staff_first, rs_ESCALATED, rw_ESCALATED)
    ROW(Q, 15, rs_SENT | rs_CONFIRMED, ri_WORSE, staff_first, rs_SENT, rw_SENT)
    ROW(Q, 15, ON_THE_WAY, ri_WORSE, ALWAYS, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 3, rs_SENT, ri_RECEIPT, ALWAYS, rs_CONFIRMED, rw_CONFIRMED)
    ROW(Q, 3, rs_CONFIRMED | rs_ESCALATED | rs_LOCAL, ri_RECEIPT, ALWAYS, STAY, rw_CONFIRMED)
    ROW(Q, 4, rs_SENT, ri_TICK, no_receipt, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 6, rs_CONFIRMED | rs_ESCALATED, ri_TICK, room_due, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 5, rs_CONFIRMED, ri_TICK, second_due, rs_ESCALATED, rw_ESCALATED)
    ROW(Q, 7, ON_THE_WAY, ri_LINK_LOST, is_urgent, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 14, rs_CONFIRMED, ri_ROOM_LOST, is_urgent, rs_ESCALATED, rw_ESCALATED)
    ROW(Q, 10, ON_THE_WAY, ri_QUIET_OFF, ALWAYS, rs_LOCAL, rw_LOCAL_ON)
    ROW(Q, 9, rs_LOCAL, ri_QUIET_ON | ri_LINK_OK, ALWAYS, STAY, QUIET)
    ROW(Q, 12, ON_THE_WAY | rs_LOCAL, ri_PAST, ALWAYS, rs_DONE, rw_DONE)
    ROW(Q, 8, ON_THE_WAY | rs_LOCAL, ri_ENDED, ALWAYS, rs_DONE, rw_DONE)
#ifdef FAULT_RESTORED_SENT
    if
    :: r_row == 13 -> r_next = rs_SENT
    :: else
    fi;
#endif
    if
    :: r_next == rs_SENT || r_row == 15 -> rt[c] = 0
    :: else
    fi;
    if
    :: r_next != STAY -> rs[c] = r_next
    :: else
    fi;
    if
    :: rs[c] & (rs_DONE | rs_LOCAL) -> rt[c] = 0 /* decides nothing any more */
    :: else
    fi
}

/* Who is reached: vg_route_reaches(). The second person's sink is not modelled. */
#define reaches_remote(c) (rs[c] != rs_DONE)
#define reaches_room(c) (rs[c] == rs_LOCAL)
