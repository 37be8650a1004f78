/*
 * freshness.pml -- machine F of the one vital, as core/freshness.c has it.
 */
byte fs = fs_NEVER;
#ifdef EXACT_FRESH
byte f_age; /* ticks since the last valid sample; NEVER: since somebody needs one */
byte f_run;
#define OVER(t, limit) ((t) > (limit))
#define enough_in_a_row (f_run >= 3)
#else
#define OVER(t, limit) luck[6]
#define enough_in_a_row luck[6]
#endif

#define is_too_old OVER(f_age, STALE_T)
#define is_lost OVER(f_age, LOST_T)
#define is_missed (session && OVER(f_age, MISSED_T))

#define ROW_F(n, from, inputs, guard, to, word) \
    if \
    :: f_row == 0 && (fs & (from)) && (in_f & (inputs)) && (guard) -> f_row = n; f_next = to TAKEN(F, n) \
    :: else \
    fi;

hidden byte f_row, f_next, in_f;
#ifdef EXACT_FRESH
#define NO_RUN f_run = 0
#define NO_AGE f_age = 0
#else
#define NO_RUN skip
#define NO_AGE skip
#endif

inline fit_freshness()
{
    f_row = 0; f_next = STAY;
    ROW(F, 1, fs_NEVER, fi_VALID, ALWAYS, fs_FRESH, fs_FRESH)
    ROW(F, 2, fs_FRESH, fi_TICK, is_too_old, fs_STALE, fs_STALE)
    ROW(F, 3, fs_STALE, fi_TICK, is_lost, fs_LOST, fs_LOST)
    ROW(F, 4, fs_STALE | fs_LOST, fi_VALID, enough_in_a_row, fs_FRESH, fs_FRESH)
    ROW(F, 5, fs_FRESH | fs_STALE, fi_SENSOR_OFF, ALWAYS, fs_LOST, fs_LOST)
    ROW(F, 6, fs_NEVER, fi_TICK, is_missed, fs_LOST, fs_LOST)
    if
    :: f_row != 0 -> fs = f_next; NO_RUN
    :: else
    fi
}

/* Before and after: what core/freshness.c and core/vitals.c do around the table. */
inline step_freshness()
{
#ifdef EXACT_FRESH
    if
    :: in_f == fi_VALID ->
        f_age = 0;
        if
        :: fs & (fs_STALE | fs_LOST) -> f_run = (f_run < 3 -> f_run + 1 : 3)
        :: else
        fi
    :: in_f == fi_SENSOR_OFF -> f_run = 0
    :: in_f == fi_TICK -> f_age = (f_age > MISSED_T -> f_age : f_age + 1)
    :: else
    fi;
#endif
    fit_freshness();
#ifdef EXACT_FRESH
    if
    :: fs == fs_LOST -> f_age = 0 /* its age decides nothing any more */
    :: fs == fs_NEVER && !session -> f_age = 0
    :: else
    fi;
#endif
    skip
}
