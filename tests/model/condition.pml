/*
 * condition.pml -- machine C of condition c, as core/alarm_condition.c has it; first fit wins.
 *
 * Every ROW line stands for one row of the program's table, in its order; check_rows.py compares them.
 */
hidden byte row, what, next, was;
hidden short in;

byte cs[2] = cs_DISARMED; /* state */
bit ack[2];
byte inst[2]; /* number of the open instance, 0 = none */
#ifdef EXACT_DELAY
byte pend_t[2];
#define DELAY_OVER REACHED(pend_t[c], DELAY_T(c))
#else
#define DELAY_OVER luck[c]
#endif
#ifdef EXACT_CLEAR
byte ok_t[2]; /* CAP = no OK in a row */
#define CLEAR_OVER (ok_t[c] != CAP && REACHED(ok_t[c], CLEAR_T))
#define OK_STARTS (ok_t[c] == CAP)
#define NO_OK(c) ok_t[c] = CAP
#else
#define CLEAR_OVER luck[c]
#define OK_STARTS true
#define NO_OK(c) skip
#endif
#ifdef EXACT_EXPIRY
byte ack_t[2];
#define EXPIRY_OVER REACHED(ack_t[c], EXPIRY_T(c))
#else
#define EXPIRY_OVER luck[c]
#endif
#ifdef EXACT_STARTS
byte v0[2], v1[2]; /* ticks since the last start of violation and the one before; CAP = none */
#define THIRD (v1[c] < WINDOW_T || (v1[c] == WINDOW_T && luck[c]))
#else
#define THIRD luck[c]
#endif

#define is_open(c) (cs[c] & (cs_ACTIVE | cs_LATCHED))

/* Guards, by their names in the table. */
#ifdef EXACT_DELAY
#define no_delay false
#else
#define no_delay luck[c]
#endif
#ifdef FAULT_NO_THIRD_START
#define third_start false
#else
#define third_start THIRD
#endif
#ifdef FAULT_ENDLESS_DELAY
#define delay_over false
#else
#define delay_over DELAY_OVER
#endif
#define clear_time_over CLEAR_OVER
#define may_close (CLEAR_OVER && ack[c])
#define ok_starts OK_STARTS
#ifdef FAULT_ACK_ANY
#define same_unacked (!ack[c])
#define same_instance true
#else
#define same_unacked (MATCHES(c) && !ack[c])
#define same_instance MATCHES(c)
#endif
#ifdef FAULT_ACK_FOR_EVER
#define ack_expired false
#else
#define ack_expired (ack[c] && EXPIRY_OVER)
#endif

#define ROW_C(n, from, inputs, guard, to, word) \
    if \
    :: row == 0 && (cs[c] & (from)) && (in & (inputs)) && (guard) -> \
        row = n; what = word; next = to TAKEN(C, n) \
    :: else \
    fi;

inline fit_condition()
{
    row = 0; what = QUIET; next = STAY; was = cs[c];
    ROW(C, 1, cs_DISARMED, ci_ARM, ALWAYS, cs_NORMAL, aw_ARMED)
    ROW(C, 2, cs_NORMAL, ci_RAPID, ALWAYS, cs_ACTIVE, aw_OPEN)
    ROW(C, 2, cs_NORMAL, ci_BAD | ci_LIMITS_BAD, no_delay, cs_ACTIVE, aw_OPEN)
    ROW(C, 3, cs_NORMAL, ci_BAD | ci_LIMITS_BAD, third_start, cs_ACTIVE, aw_OPEN)
    ROW(C, 4, cs_NORMAL, ci_BAD, ALWAYS, cs_PENDING, aw_PENDING)
    ROW(C, 22, cs_NORMAL, ci_LIMITS_BAD, ALWAYS, cs_PENDING, aw_PENDING)
    ROW(C, 5, cs_PENDING, ci_RAPID, ALWAYS, cs_ACTIVE, aw_OPEN)
    ROW(C, 6, cs_PENDING, ci_BAD | ci_TICK, delay_over, cs_ACTIVE, aw_OPEN)
    ROW(C, 7, cs_PENDING, ci_BAD | ci_LIMITS_BAD, ALWAYS, STAY, QUIET)
    ROW(C, 8, cs_PENDING, ci_OK | ci_BAND, ALWAYS, cs_NORMAL, aw_SUPPRESSED_BY_DELAY)
    ROW(C, 9, cs_PENDING, ci_STALE, ALWAYS, STAY, QUIET)
    ROW(C, 10, cs_ACTIVE, ci_BAD | ci_RAPID | ci_LIMITS_BAD, ALWAYS, STAY, QUIET)
    ROW(C, 28, cs_ACTIVE | cs_LATCHED, ci_WORSE, ALWAYS, cs_ACTIVE, aw_WORSEN)
    ROW(C, 11, cs_ACTIVE, ci_BAND, ALWAYS, STAY, QUIET)
    ROW(C, 13, cs_ACTIVE, ci_OK, may_close, cs_NORMAL, aw_CLOSED)
    ROW(C, 14, cs_ACTIVE, ci_OK, clear_time_over, cs_LATCHED, aw_COND_END)
    ROW(C, 12, cs_ACTIVE, ci_OK, ok_starts, STAY, QUIET)
    ROW(C, 15, cs_ACTIVE, ci_STALE, ALWAYS, STAY, QUIET)
    ROW(C, 16, cs_ACTIVE, ci_ACK, same_unacked, cs_ACTIVE, aw_ACK)
    ROW(C, 17, cs_ACTIVE, ci_TICK, ack_expired, cs_ACTIVE, aw_ACK_EXPIRED)
    ROW(C, 18, cs_LATCHED, ci_ACK, same_instance, cs_NORMAL, aw_CLOSED)
    ROW(C, 19, cs_LATCHED, ci_BAD | ci_RAPID | ci_LIMITS_BAD, ALWAYS, cs_ACTIVE, aw_WORSEN)
    ROW(C, 20, cs_ACTIVE, ci_LIMITS_OK, ALWAYS, cs_LATCHED, aw_COND_END)
    ROW(C, 21, cs_PENDING, ci_LIMITS_OK, ALWAYS, cs_NORMAL, aw_SUPPRESSED_BY_DELAY)
    ROW(C, 23, cs_NORMAL, ci_DROP | ci_OVERRIDE, ALWAYS, cs_DISARMED, QUIET)
    ROW(C, 23, cs_PENDING, ci_DROP | ci_OVERRIDE, ALWAYS, cs_DISARMED, aw_SUPPRESSED_BY_DELAY)
    ROW(C, 24, cs_ACTIVE | cs_LATCHED, ci_OVERRIDE, ALWAYS, cs_DISARMED, aw_CLOSED)
    ROW(C, 25, cs_ACTIVE | cs_LATCHED, ci_RESTART, ALWAYS, cs_ACTIVE, aw_RESTORED)
    ROW(C, 26, cs_NORMAL | cs_PENDING, ci_RESTART, ALWAYS, cs_NORMAL, QUIET)
}

#ifdef EXACT_DELAY
#define PEND_NOW pend_t[c] = 0;
#else
#define PEND_NOW
#endif
#ifdef EXACT_STARTS
#define NOTE_START PEND_NOW v1[c] = v0[c]; v0[c] = 0
#else
#define NOTE_START PEND_NOW skip
#endif
#ifdef EXACT_CLEAR
#define OK_NOW ok_t[c] = 0
#else
#define OK_NOW skip
#endif
#ifdef EXACT_EXPIRY
#define ACK_NOW ack_t[c] = 0
#define ACK_GONE ack_t[c] = 0
#else
#define ACK_NOW skip
#define ACK_GONE skip
#endif

#define COUNT(t) t = (t < CAP -> t + 1 : CAP)
#define COUNT_TO(t, limit) t = (t <= limit -> t + 1 : t)

/* Timers that mean nothing in a state are equal there, so that equal states are one. */
inline forget_timers()
{
#ifdef EXACT_DELAY
    if :: cs[c] != cs_PENDING -> pend_t[c] = 0 :: else fi;
#endif
#ifdef EXACT_CLEAR
    if :: cs[c] != cs_ACTIVE -> ok_t[c] = CAP :: else fi;
#endif
#ifdef EXACT_EXPIRY
    if :: !ack[c] -> ack_t[c] = 0 :: else fi;
#endif
    skip
}

#define FAULTY_END(n) \
    if \
    :: row == n -> next = cs_NORMAL; what = aw_CLOSED; inst[c] = 0; ack[c] = 0 \
    :: else \
    fi;

/* What the rows do besides: the actions of the program's table, as far as the model has their data. */
inline act_condition()
{
    if
    :: row == 2 || row == 3 || row == 4 || row == 22 -> NOTE_START
    :: else
    fi;
    if
    :: row == 2 || row == 3 || row == 5 || row == 6 -> NUMBER(c); ack[c] = 0; NO_OK(c)
    :: row == 4 || row == 22 || row == 7 || row == 10 || row == 15 || row == 11 -> NO_OK(c)
    :: row == 12 -> OK_NOW
    :: row == 16 -> ack[c] = 1; ACK_NOW
    :: row == 17 -> ack[c] = 0; ACK_GONE
    :: row == 19 || row == 28 || row == 25 -> ack[c] = 0; ACK_GONE; NO_OK(c)
    :: row == 8 || row == 13 || row == 18 || row == 21 || row == 23 || row == 24 || row == 26 ->
        inst[c] = 0; ack[c] = 0; ACK_GONE; NO_OK(c)
    :: else
    fi;
#ifdef FAULT_STALE_CLEARS
    FAULTY_END(15)
#endif
#ifdef FAULT_LIMITS_CLEAR
    FAULTY_END(20)
#endif
    if
    :: next != STAY -> cs[c] = next
    :: else
    fi;
    forget_timers()
}

inline age_condition()
{
#ifdef EXACT_DELAY
    if :: cs[c] == cs_PENDING -> COUNT(pend_t[c]) :: else fi;
#endif
#ifdef EXACT_CLEAR
    if :: ok_t[c] <= CLEAR_T -> ok_t[c] = ok_t[c] + 1 :: else fi;
#endif
#ifdef EXACT_EXPIRY
    if :: ack[c] -> COUNT(ack_t[c]) :: else fi;
#endif
#ifdef EXACT_STARTS
    v0[c] = (v0[c] > WINDOW_T -> CAP : v0[c] + 1);
    v1[c] = (v1[c] > WINDOW_T -> CAP : v1[c] + 1);
#endif
    skip
}
