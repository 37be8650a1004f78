/*
 * inhibition.pml -- machine I, as core/alarm_inhibit.c has it: once for the sound of the bed, once for
 * the vital.
 */
byte is[2] = is_ON; /* state of scope k */
bit sign[2]; /* what others were told last: something is inhibited */
bit paused[2]; /* instance of condition c was there when somebody paused the sound */
#define SOUND 0
#define VITAL 1
#ifdef EXACT_PAUSE
byte pause_t[2], remind_t;
#define TIME_IS_UP (pause_t[k] > PAUSE_T || (pause_t[k] == PAUSE_T && luck[2 + k]))
#define REMIND_DUE (remind_t > REMIND_T || (remind_t == REMIND_T && luck[2 + k]))
#else
#define TIME_IS_UP luck[2 + k]
#define REMIND_DUE luck[2 + k]
#endif

#ifdef WITH_PHASE
bit required, unpausable; /* the phase requires the vital; its alarms may not even be paused */
#define MAY_PAUSE !unpausable
#define MAY_OFF !required
#define IS_REQUIRED required
#else
#define MAY_PAUSE true
#define MAY_OFF true
#define IS_REQUIRED luck[2 + k]
#endif

#define may_pause (k == SOUND || MAY_PAUSE)
#define may_off (k == SOUND || MAY_OFF)
#define is_required (k == VITAL && IS_REQUIRED)
#define time_is_up TIME_IS_UP
#define remind_due REMIND_DUE

#define ROW_I(n, from, inputs, guard, to, word) \
    if \
    :: i_row == 0 && (is[k] & (from)) && (in_i & (inputs)) && (guard) -> \
        i_row = n; i_next = to; i_moved = word TAKEN(I, n) \
    :: else \
    fi;

hidden byte i_row, i_next, i_moved, k;
hidden short in_i;

inline fit_inhibition()
{
    i_row = 0; i_next = STAY; i_moved = QUIET;
    ROW(I, 8, is_AUDIO_PAUSED | is_ALARM_PAUSED | is_ALARM_OFF, ii_RESTART, ALWAYS, is_ON, iw_MOVED)
    ROW(I, 1, is_ON, ii_AUDIO_PAUSE, ALWAYS, is_AUDIO_PAUSED, iw_MOVED)
    ROW(I, 2, is_AUDIO_PAUSED, ii_OPENED, ALWAYS, STAY, QUIET)
    ROW(I, 3, is_AUDIO_PAUSED, ii_AUDIO_PAUSE | ii_SESSION, ALWAYS, is_ON, iw_MOVED)
    ROW(I, 3, is_AUDIO_PAUSED, ii_TICK, time_is_up, is_ON, iw_MOVED)
    ROW(I, 4, is_ON, ii_ALARM_PAUSE, may_pause, is_ALARM_PAUSED, iw_MOVED)
    ROW(I, 5, is_ALARM_PAUSED, ii_ALARM_ON | ii_PHASE | ii_SESSION, ALWAYS, is_ON, iw_MOVED)
    ROW(I, 5, is_ALARM_PAUSED, ii_TICK, time_is_up, is_ON, iw_MOVED)
    ROW(I, 6, is_ON, ii_ALARM_OFF, may_off, is_ALARM_OFF, iw_MOVED)
    ROW(I, 6, is_ALARM_OFF, ii_TICK, remind_due, STAY, iw_MOVED)
    ROW(I, 7, is_ALARM_OFF, ii_ALARM_ON | ii_SESSION, ALWAYS, is_ON, iw_MOVED)
    ROW(I, 7, is_ALARM_OFF, ii_PHASE, is_required, is_ON, iw_MOVED)
}

#ifdef FAULT_PAUSE_STAYS
#define PAUSE_STAYS (i_row == 3 && in_i == ii_TICK) /* its time was up, but nobody said so */
#else
#define PAUSE_STAYS false
#endif

/* inhibit() of core/alert.c: a recorded move is told, and marks what the pause is about. */
inline step_inhibition()
{
    fit_inhibition();
#ifdef FAULT_PAUSE_EXTENDS
    if
    :: i_row == 3 && in_i == ii_AUDIO_PAUSE -> i_next = STAY; pause_t[SOUND] = 0
    :: else
    fi;
#endif
#ifdef FAULT_OFF_STAYS
    if
    :: i_row == 7 && in_i == ii_PHASE -> i_next = STAY
    :: else
    fi;
#endif
#ifdef EXACT_PAUSE
    if
    :: i_row == 1 || i_row == 4 -> pause_t[k] = 0
    :: i_row == 6 -> remind_t = 0
    :: else
    fi;
#endif
    if
    :: i_next != STAY -> is[k] = i_next
    :: else
    fi;
#ifdef EXACT_PAUSE
    if :: !(is[k] & (is_AUDIO_PAUSED | is_ALARM_PAUSED)) -> pause_t[k] = 0 :: else fi;
    if :: is[VITAL] != is_ALARM_OFF -> remind_t = 0 :: else fi;
#endif
    if
    :: i_moved == iw_MOVED ->
        sign[k] = (is[k] != is_ON);
        if
        :: k == SOUND && !PAUSE_STAYS ->
            paused[H] = (is[SOUND] == is_AUDIO_PAUSED && is_open(H) && !ack[H]);
            paused[M] = (is[SOUND] == is_AUDIO_PAUSED && is_open(M) && !ack[M])
        :: else
        fi
    :: else
    fi
}

#define inhibited(c) (is[VITAL] != is_ON || paused[c])
