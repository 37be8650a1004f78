/*
 * vigil.pml -- two conditions, one vital, two sinks, two inhibitions, and everything that can happen.
 *
 * One process: it takes any event that can happen now, and feeds the machines as the program does
 * (core/alarm.c, core/alert.c, core/vitals.c, core/session.c). One event is one step of the search.
 */
#include "scale.pml"

/* With COVER the search says each row it takes, once: by machine and line of the file. */
#ifdef COVER
c_decl { extern int printf(const char *, ...); };
#define TAKEN(m, n) \
    ; c_code { static char said; if (!said) { said = 1; printf("taken " #m " %d\n", __LINE__); } }
#else
#define TAKEN(m, n)
#endif

#define ROW(m, n, from, inputs, guard, to, word) ROW_##m(n, from, inputs, guard, to, word)

hidden byte c;    /* the condition that is being stepped */
bit luck[7];      /* this event: may a time be over? H, M, sound, vital, remote, room, freshness */
bit up = 1;       /* the daemon runs */
#ifdef WITH_SESSION
bit session;
#else
#define session true /* one follows the other at once */
#endif
bit kept[2];      /* down: the instance is on the disk */
byte disk[2];     /* does the disk say that it is open? */
#define NO 0
#define YES 1     /* over a tick nothing else was true */
#define PERHAPS 2 /* it opened or ended since the last tick */
#ifdef WITH_NUMBERS
byte seen;        /* a person has seen this number and may acknowledge it later */
#define MATCHES(c) (inst[c] == seen)
#else
#define MATCHES(c) true
#endif
#define REMOTE 0
#define ROOM 1
#ifdef WITH_SINKS
bit sink_up[2];   /* what is true, not what is known */
bit lag[2];       /* gone over a tick, not noticed yet */
byte deaf_t[2];   /* the sink: ticks without a word of the daemon */
#define sounds_itself(s) (sink_up[s] && deaf_t[s] > SINK_T)
#endif

/* The event: what, about whom. */
mtype = { TICK, SAMPLE, INVALID, SENSOR, STALE, SEE, ACK, LIMITS, WORSE, OPEN, CLOSE, CRASH, RESTART,
          RECEIPT, QUIET_MODE, SINK_DOWN, SINK_UP, SINK_OK, AUDIO, PAUSE, OFF, ON, PHASE, DROP };
mtype ev;
byte who, level;
bit flag;

/* --- inputs of one event ---------------------------------------------------------------------- */

hidden short in_c[2], in_r1[2], in_r2[2], in_k[2];
hidden byte arm, stale, pass, open_before;
hidden byte i;

/* Numbers are never used again: the smallest that nobody can mean any more. */
#ifdef WITH_NUMBERS
inline number(x)
{
    i = 1;
    do
    :: inst[H] == i || inst[M] == i || seen == i -> i = i + 1
    :: else -> break
    od;
    inst[x] = i
}
#define NUMBER(x) number(x)
#else
#define NUMBER(x) skip
#endif

#include "condition.pml"
#ifdef WITH_FRESH
#include "freshness.pml"
#endif
#ifdef WITH_ROUTES
#include "routing.pml"
#endif
#ifdef WITH_INHIBIT
#include "inhibition.pml"
#endif
#include "properties.pml"

/* A value against both limits: 0 good for both .. 4 beyond both, and rapid for the medium one. */
#define class_M (level == 0 -> ci_OK : (level == 1 -> ci_BAND : (level == 4 -> ci_RAPID : ci_BAD)))
#define class_H (level < 3 -> ci_OK : (level == 3 -> ci_BAND : ci_BAD))
#define raise(x) (x & (ci_BAD | ci_RAPID) -> x : 0)

inline inputs_of_tick()
{
    if
    :: up ->
        in_c[H] = (cs[H] & (cs_PENDING | cs_ACTIVE) -> ci_TICK : 0);
        in_c[M] = (cs[M] & (cs_PENDING | cs_ACTIVE) -> ci_TICK : 0);
        c = H; age_condition(); c = M; age_condition();
        disk[H] = (is_open(H) -> YES : NO); disk[M] = (is_open(M) -> YES : NO);
#ifdef WITH_ROUTES
        in_r1[H] = ri_TICK; in_r1[M] = ri_TICK;
        if :: rs[H] & ON_THE_WAY -> rt[H] = rt[H] + 1 :: else fi;
        if :: rs[M] & ON_THE_WAY -> rt[M] = rt[M] + 1 :: else fi;
#endif
#ifdef WITH_INHIBIT
        in_k[SOUND] = ii_TICK; in_k[VITAL] = ii_TICK;
#ifdef EXACT_PAUSE
        if :: is[SOUND] == is_AUDIO_PAUSED -> pause_t[SOUND] = pause_t[SOUND] + 1 :: else fi;
        if :: is[VITAL] == is_ALARM_PAUSED -> pause_t[VITAL] = pause_t[VITAL] + 1 :: else fi;
        if :: is[VITAL] == is_ALARM_OFF -> remind_t = remind_t + 1 :: else fi;
#endif
#endif
#ifdef WITH_SINKS
        /* A sink that says nothing any more is noticed at this tick or the next. */
        if
        :: link && !sink_up[REMOTE] && (lag[REMOTE] || luck[4]) ->
            link = 0; lag[REMOTE] = 0; in_r2[H] = ri_LINK_LOST; in_r2[M] = ri_LINK_LOST
        :: link && !sink_up[REMOTE] -> lag[REMOTE] = 1
        :: else
        fi;
        if
        :: room && !sink_up[ROOM] && (lag[ROOM] || luck[5]) ->
            room = 0; lag[ROOM] = 0;
            if
            :: in_r2[H] == 0 -> in_r2[H] = ri_ROOM_LOST; in_r2[M] = ri_ROOM_LOST
            :: else /* all are in the room already */
            fi
        :: room && !sink_up[ROOM] -> lag[ROOM] = 1
        :: else
        fi;
#endif
#ifdef WITH_FRESH
        in_f = fi_TICK; step_freshness(); stale = (f_row != 0);
#endif
    :: else
#if defined(WITH_SINKS) && !defined(FAULT_SINK_WAITS)
        if :: sink_up[REMOTE] -> COUNT_TO(deaf_t[REMOTE], SINK_T) :: else fi;
        if :: sink_up[ROOM] -> COUNT_TO(deaf_t[ROOM], SINK_T) :: else fi;
#endif
        skip
    fi
}

#ifdef FAULT_STALE_CLASSED
#define NOT_FRESH false
#else
#define NOT_FRESH (fs != fs_FRESH)
#endif

inline inputs_of_sample()
{
    arm = 1;
    in_c[M] = class_M; in_c[H] = class_H;
#ifdef WITH_FRESH
    in_f = fi_VALID; step_freshness();
    stale = (f_row != 0 && fs != fs_FRESH);
    if
    :: flag || NOT_FRESH -> in_c[M] = raise(in_c[M]); in_c[H] = raise(in_c[H])
    :: else
    fi;
#else
    if
    :: flag -> in_c[M] = raise(in_c[M]); in_c[H] = raise(in_c[H])
    :: else
    fi;
#endif
    skip
}

/* The process is gone, and all it had in memory; what is on the disk stays. */
inline crash()
{
    up = 0;
    c = H;
    do
    :: c <= M ->
        kept[c] = (disk[c] == YES || (disk[c] == PERHAPS && luck[c]));
        if
        :: kept[c] && !is_open(c) -> cs[c] = cs_ACTIVE; NUMBER(c) /* its end was not on the disk */
        :: !kept[c] && is_open(c) -> cs[c] = cs_NORMAL; inst[c] = 0
        :: else
        fi;
        ack[c] = 0; disk[c] = kept[c];
#ifdef EXACT_DELAY
        pend_t[c] = 0;
#endif
#ifdef EXACT_STARTS
        v0[c] = CAP; v1[c] = CAP;
#endif
        NO_OK(c);
        ACK_GONE;
#ifdef WITH_ROUTES
        rs[c] = rs_DONE; rt[c] = 0;
#endif
#ifdef WITH_INHIBIT
        paused[c] = 0; is[c] = is_ON; sign[c] = 0;
#ifdef EXACT_PAUSE
        pause_t[c] = 0; remind_t = 0;
#endif
#endif
#ifdef WITH_SINKS
        deaf_t[c] = 0; lag[c] = 0;
#endif
        c++
    :: else -> break
    od;
#ifdef WITH_ROUTES
    link = 0; room = 0;
#endif
#ifdef WITH_FRESH
    fs = fs_NEVER; NO_AGE; NO_RUN;
#endif
    c = 0
}

#ifdef FAULT_END_UNASKED
#define ALWAYS_ENDS true
#else
#define ALWAYS_ENDS false
#endif

inline inputs_of_people()
{
    if
    :: ev == ACK ->
#ifdef WITH_NUMBERS
        in_c[H] = ci_ACK; in_c[M] = ci_ACK
#else
        in_c[who] = ci_ACK
#endif
    :: ev == LIMITS -> in_c[who] = (flag -> ci_LIMITS_BAD : ci_LIMITS_OK)
    :: ev == DROP -> in_c[H] = ci_DROP; in_c[M] = ci_DROP
    :: ev == CLOSE ->
        if
        :: open_before == 0 || flag || ALWAYS_ENDS ->
            in_c[H] = (flag || ALWAYS_ENDS -> ci_OVERRIDE : ci_DROP); in_c[M] = in_c[H];
#ifdef WITH_SESSION
            session = 0;
#endif
#ifdef WITH_INHIBIT
            in_k[SOUND] = ii_SESSION; in_k[VITAL] = ii_SESSION;
#endif
#ifdef WITH_FRESH
            fs = fs_NEVER; NO_AGE; NO_RUN;
#endif
            skip
        :: else /* refused */
        fi
#ifdef WITH_SESSION
    :: ev == OPEN ->
        session = 1;
#ifdef WITH_INHIBIT
        in_k[SOUND] = ii_SESSION; in_k[VITAL] = ii_SESSION;
#endif
#ifdef EXACT_FRESH
        f_age = (fs == fs_NEVER -> 0 : f_age);
#endif
        skip
#endif
#ifdef WITH_ROUTES
    :: ev == QUIET_MODE ->
        quiet = !quiet;
        in_r1[H] = (quiet -> ri_QUIET_ON : ri_QUIET_OFF); in_r1[M] = in_r1[H]
#endif
#ifdef WITH_INHIBIT
    :: ev == AUDIO -> in_k[SOUND] = ii_AUDIO_PAUSE
    :: ev == PAUSE -> in_k[VITAL] = ii_ALARM_PAUSE
    :: ev == OFF -> in_k[VITAL] = ii_ALARM_OFF
    :: ev == ON -> in_k[VITAL] = ii_ALARM_ON
    :: ev == PHASE ->
        in_k[SOUND] = ii_PHASE; in_k[VITAL] = ii_PHASE;
#ifdef WITH_PHASE
        required = (level > 0); unpausable = (level > 1)
#endif
#endif
    :: else
    fi
}

inline inputs_of_things()
{
    if
    :: ev == TICK -> inputs_of_tick()
    :: ev == SAMPLE -> inputs_of_sample()
#ifdef WITH_FRESH
    :: ev == INVALID -> NO_RUN
    :: ev == SENSOR -> in_f = fi_SENSOR_OFF; step_freshness(); stale = (f_row != 0)
#endif
    :: ev == STALE -> stale = 1
    :: ev == WORSE -> in_c[M] = ci_WORSE
    :: ev == CRASH -> crash()
    :: ev == RESTART ->
        up = 1; in_c[H] = ci_RESTART; in_c[M] = ci_RESTART;
#ifdef WITH_INHIBIT
        in_k[SOUND] = ii_RESTART; in_k[VITAL] = ii_RESTART;
#endif
#ifdef WITH_SINKS
        deaf_t[REMOTE] = 0; deaf_t[ROOM] = 0;
#endif
        skip
#ifdef WITH_ROUTES
    :: ev == RECEIPT -> in_r1[who] = ri_RECEIPT
#endif
#ifdef WITH_SINKS
    :: ev == SINK_DOWN -> sink_up[who] = 0; deaf_t[who] = 0
    :: ev == SINK_UP -> sink_up[who] = 1; lag[who] = 0
    :: ev == SINK_OK && who == REMOTE -> link = 1; in_r1[H] = ri_LINK_OK; in_r1[M] = ri_LINK_OK
    :: ev == SINK_OK && who == ROOM -> room = 1
#endif
    :: else
    fi
}

/* --- from machine C to machines R and I: vg_alert_moved() of core/alert.c ---------------------- */

#ifdef WITH_INHIBIT
#ifdef FAULT_PAUSE_FOR_ALL
#define HEARD_ANEW(c) paused[c] = (is[SOUND] == is_AUDIO_PAUSED)
#else
#define HEARD_ANEW(c) paused[c] = 0; k = SOUND; in_i = ii_OPENED; step_inhibition()
#endif
#define NOT_PAUSED(c) paused[c] = 0
#else
#define HEARD_ANEW(c) skip
#define NOT_PAUSED(c) skip
#endif

inline moved()
{
#ifdef WITH_ROUTES
    in_r = 0;
    if
    :: what == aw_OPEN || what == aw_ACK_EXPIRED || (what == aw_WORSEN && row == 19) -> in_r = ri_OPEN
    :: what == aw_WORSEN && row != 19 -> in_r = ri_WORSE
    :: what == aw_ACK || what == aw_CLOSED -> in_r = ri_ENDED
    :: what == aw_COND_END && c == M -> in_r = ri_PAST /* latch visual; full sounds on */
    :: what == aw_RESTORED -> in_r = ri_RESTORED
    :: else
    fi;
#endif
    if
    :: what == aw_OPEN || what == aw_ACK_EXPIRED || what == aw_WORSEN -> HEARD_ANEW(c)
    :: what == aw_CLOSED -> NOT_PAUSED(c)
    :: else
    fi
}

/* Both conditions: armed by a first sample, the input itself, the loss of data; each with its way. */
inline step_all()
{
    c = H;
    do
    :: c <= M ->
        pass = 0;
        do
        :: pass < 3 ->
            in = (pass == 0 -> (arm -> ci_ARM : 0) : (pass == 1 -> in_c[c] : (stale -> ci_STALE : 0)));
            if
            :: in != 0 ->
                WATCH_BEFORE;
                fit_condition();
                act_condition();
                if
                :: !is_open(c) != !(was & (cs_ACTIVE | cs_LATCHED)) -> disk[c] = PERHAPS
                :: else
                fi;
                moved();
                WATCH_CONDITION;
#ifdef WITH_ROUTES
                if :: in_r != 0 -> step_routing() :: else fi;
#endif
            :: else
            fi;
            pass++
        :: else -> break
        od;
#ifdef WITH_ROUTES
        if
        :: is_open(c) && in_r1[c] != 0 -> in_r = in_r1[c]; step_routing()
        :: else
        fi;
        if
        :: is_open(c) && in_r2[c] != 0 -> in_r = in_r2[c]; step_routing()
        :: else
        fi;
#endif
        c++
    :: else -> break
    od;
    c = 0;
#ifdef WITH_INHIBIT
    k = 0;
    do
    :: k < 2 ->
        if :: in_k[k] != 0 -> in_i = in_k[k]; step_inhibition() :: else fi;
        k++
    :: else -> break
    od;
    k = 0;
#endif
    skip
}

/* A trail, one event a line; the search itself prints nothing. */
#ifdef WITH_INHIBIT
#define SHOW_I printf("  sound %d vital %d paused %d%d", is[SOUND], is[VITAL], paused[H], paused[M])
#else
#define SHOW_I skip
#endif
#ifdef WITH_ROUTES
#define SHOW_R printf("  route %d %d quiet %d link %d", rs[H], rs[M], quiet, link)
#else
#define SHOW_R skip
#endif
#ifdef WITH_SINKS
#define SHOW_S printf("  sinks %d%d silent %d %d", sink_up[REMOTE], sink_up[ROOM], \
    silent_t[REMOTE], silent_t[ROOM])
#else
#define SHOW_S skip
#endif
#ifdef EXACT_FRESH
#define SHOW_F printf("  fresh %d age %d numbers %d %d", fs, f_age, inst[H], inst[M])
#elif defined(WITH_FRESH)
#define SHOW_F printf("  fresh %d", fs)
#else
#define SHOW_F skip
#endif
#define SHOW \
    printf("EV %d %d %d %d", ev, who, level, flag); \
    printf("  up %d  H %d ack %d  M %d ack %d", up, cs[H], ack[H], cs[M], ack[M]); \
    SHOW_F; SHOW_R; SHOW_I; SHOW_S; printf("\n")

inline handle()
{
    in_c[H] = 0; in_c[M] = 0; in_r1[H] = 0; in_r1[M] = 0; in_r2[H] = 0; in_r2[M] = 0;
    in_k[0] = 0; in_k[1] = 0; arm = 0; stale = 0;
    open_before = is_open(H) | is_open(M);
    inputs_of_things();
    inputs_of_people();
    step_all();
    WATCH;
    SHOW;
    if :: up -> kept[H] = 0; kept[M] = 0 :: else fi;
    luck[0] = 0; luck[1] = 0; luck[2] = 0; luck[3] = 0; luck[4] = 0; luck[5] = 0; luck[6] = 0;
    ev = 0; who = 0; level = 0; flag = 0
}

/* --- what can happen --------------------------------------------------------------------------- */

#define any(x) if :: x = 0 :: x = 1 fi
#define CAN(when, event, about) :: d_step { (when) -> ev = event; who = about }
#define CAN_FLAG(when, event, about) :: d_step { (when) -> ev = event; who = about; flag = 1 }
#define CAN_LEVEL(when, event, x) :: d_step { (when) -> ev = event; level = x }
#define CAN_RAISE(x) :: d_step { (up) -> ev = SAMPLE; level = x; flag = 1 }
#ifdef WITH_SESSION
#define ENDS_SESSION session
#else
#define ENDS_SESSION true
#endif
/* An old value may open nothing: vg_alarm_limits_moved() of core/alarm.c. */
#ifdef WITH_FRESH
#define limits_count(x) (fs == fs_FRESH || (cs[x] & (cs_PENDING | cs_ACTIVE)))
#else
#define limits_count(x) true
#endif

inline choose()
{
    if
    CAN(true, TICK, 0)
    CAN(up, CRASH, 0)
    CAN(!up, RESTART, 0)
    CAN_LEVEL(up, SAMPLE, 0)
    CAN_LEVEL(up, SAMPLE, 1)
    CAN_LEVEL(up, SAMPLE, 2)
    CAN_LEVEL(up, SAMPLE, 3)
    CAN_LEVEL(up, SAMPLE, 4)
    CAN_RAISE(2) /* questionable: may raise, never clear */
    CAN_RAISE(3)
    CAN_RAISE(4)
#ifdef WITH_FRESH
#ifdef EXACT_FRESH
    CAN(up && f_run != 0, INVALID, 0)
#endif
    CAN(up && (fs & (fs_FRESH | fs_STALE)), SENSOR, 0)
#else
    CAN(up, STALE, 0)
#endif
#ifdef WITH_NUMBERS
    :: d_step { (up && seen != inst[H]) -> ev = SEE; seen = inst[H] }
    :: d_step { (up && seen != inst[M]) -> ev = SEE; seen = inst[M] }
    CAN(up && seen != 0, ACK, 0)
#else
    CAN(up && is_open(H) && !ack[H], ACK, H)
    CAN(up && is_open(M) && !ack[M], ACK, M)
#endif
    CAN(up && (cs[H] & (cs_PENDING | cs_ACTIVE)), LIMITS, H)
    CAN(up && (cs[M] & (cs_PENDING | cs_ACTIVE)), LIMITS, M)
    CAN_FLAG(up && limits_count(H) && cs[H] != cs_DISARMED, LIMITS, H)
    CAN_FLAG(up && limits_count(M) && cs[M] != cs_DISARMED, LIMITS, M)
    CAN(up && is_open(M), WORSE, M)
    CAN(up, DROP, 0) /* nobody needs this vital any more */
#ifdef WITH_SESSION
    CAN(up && !session, OPEN, 0)
#endif
    CAN(up && ENDS_SESSION, CLOSE, 0)
    CAN_FLAG(up && ENDS_SESSION, CLOSE, 0)
#ifdef WITH_ROUTES
    CAN(up && rs[H] != rs_DONE, RECEIPT, H)
    CAN(up && rs[M] != rs_DONE, RECEIPT, M)
    CAN(up, QUIET_MODE, 0)
#endif
#ifdef WITH_SINKS
    CAN(sink_up[REMOTE], SINK_DOWN, REMOTE)
    CAN(sink_up[ROOM], SINK_DOWN, ROOM)
    CAN(!sink_up[REMOTE], SINK_UP, REMOTE)
    CAN(!sink_up[ROOM], SINK_UP, ROOM)
    CAN(up && sink_up[REMOTE] && !link, SINK_OK, REMOTE)
    CAN(up && sink_up[ROOM] && !room, SINK_OK, ROOM)
#endif
#ifdef WITH_INHIBIT
    CAN(up && (is[SOUND] != is_ON || (is_open(H) && !ack[H]) || (is_open(M) && !ack[M])), AUDIO, 0)
    CAN(up && is[VITAL] == is_ON, PAUSE, 0)
    CAN(up && is[VITAL] == is_ON, OFF, 0)
    CAN(up && is[VITAL] != is_ON, ON, 0)
#ifdef WITH_PHASE
    CAN_LEVEL(up, PHASE, 0)
    CAN_LEVEL(up, PHASE, 1)
    CAN_LEVEL(up, PHASE, 2)
#else
    CAN(up && is[VITAL] != is_ON, PHASE, 0)
#endif
#endif
    fi
}

/* Only where it can make a difference. */
#ifdef WITH_ROUTES
#define on_the_way(x) (rs[x] & ON_THE_WAY)
#else
#define on_the_way(x) false
#endif
#define class(x) (x == H -> class_H : class_M)
#define may_be_over(x) ( \
    (ev == TICK && up && (cs[x] == cs_PENDING || ack[x] || on_the_way(x))) || \
    (ev == SAMPLE && (cs[x] & (cs_DISARMED | cs_NORMAL | cs_PENDING)) && class(x) == ci_BAD) || \
    (ev == SAMPLE && cs[x] == cs_ACTIVE && class(x) == ci_OK && !flag) || \
    (ev == LIMITS && flag && who == x && cs[x] == cs_NORMAL) || \
    (ev == CRASH && disk[x] == PERHAPS))

#if defined(WITH_FRESH) && !defined(EXACT_FRESH)
#define fresh_may_be_over (up && ((ev == TICK && fs != fs_LOST) || \
    (ev == SAMPLE && (fs & (fs_STALE | fs_LOST)))))
#else
#define fresh_may_be_over false
#endif

inline choose_luck()
{
    if
    :: ev != TICK && ev != PHASE && !fresh_may_be_over && !may_be_over(H) && !may_be_over(M)
    :: else ->
        if :: may_be_over(H) -> any(luck[H]) :: else fi;
        if :: may_be_over(M) -> any(luck[M]) :: else fi;
        if :: fresh_may_be_over -> any(luck[6]) :: else fi;
#ifdef WITH_INHIBIT
        if :: ev == TICK && up && is[SOUND] != is_ON -> any(luck[2]) :: else fi;
        if :: (ev == TICK || ev == PHASE) && up && is[VITAL] != is_ON -> any(luck[3]) :: else fi;
#endif
#ifdef WITH_SINKS
        if :: ev == TICK && link && !sink_up[REMOTE] && !lag[REMOTE] -> any(luck[4]) :: else fi;
        if :: ev == TICK && room && !sink_up[ROOM] && !lag[ROOM] -> any(luck[5]) :: else fi;
#endif
    fi
}

init {
    d_step {
        NO_OK(H); NO_OK(M);
#ifdef EXACT_STARTS
        v0[H] = CAP; v1[H] = CAP; v0[M] = CAP; v1[M] = CAP;
#endif
        WATCH_INIT
    }
    do
    :: atomic { choose(); choose_luck(); d_step { handle() } }
    od
}
