/*
 * properties.pml -- what must always hold, each under its number, and the counters that watch it.
 *
 * A monitor never reads a timer of the model: it counts by itself. "broken" stays once it is set.
 */
bit broken04, broken05, broken06, broken07, broken12, broken15, broken17, old_value_moved;

hidden byte inst_before;
hidden byte ack_before;
#define WATCH_BEFORE inst_before = inst[c]; ack_before = ack[c]
#define opened_by (ci_BAD | ci_RAPID | ci_LIMITS_BAD)
#define SET(bad, when) if :: (when) -> bad = 1 :: else fi

#ifdef WITH_NUMBERS
#define ACKED_NUMBER(n) (n == seen)
#else
#define ACKED_NUMBER(n) true
#endif

#ifdef WITH_SESSION
#define ENDED !session
#else
#define ENDED (in_c[H] != 0)
#endif

#ifdef WITH_DEVIATIONS
#define NOT_ONCE in_room_once[c] = 0
#else
#define NOT_ONCE skip
#endif

/* --- after each step of machine C -------------------------------------------------------------- */

inline watch_condition()
{
    /* Only a good sample, an acknowledgement or a named override ends an instance. */
    SET(broken04, (was & (cs_ACTIVE | cs_LATCHED)) && !is_open(c) &&
                  !(in & (ci_OK | ci_ACK | ci_OVERRIDE)));
    SET(broken06, was == cs_LATCHED && cs[c] != cs_LATCHED &&
                  !(in & (opened_by | ci_WORSE | ci_OVERRIDE | ci_RESTART)) &&
                  !(in == ci_ACK && ACKED_NUMBER(inst_before)));
    SET(broken15, was == cs_ACTIVE && cs[c] == cs_NORMAL && (in & (ci_LIMITS_OK | ci_LIMITS_BAD)));
#ifdef WITH_NUMBERS
    SET(broken07, in == ci_ACK && inst_before != seen && (cs[c] != was || ack[c] != ack_before));
#endif
#ifdef WITH_FRESH
    SET(broken12, fs != fs_FRESH && ((in & (ci_OK | ci_BAND)) || (in == ci_LIMITS_BAD && cs[c] != was)));
    SET(old_value_moved, fs != fs_FRESH && in == ci_LIMITS_OK && cs[c] != was);
#endif
#ifdef EXACT_DELAY
    if
    :: is_open(c) || (in & (ci_OK | ci_BAND | ci_LIMITS_OK | ci_DROP | ci_OVERRIDE | ci_RESTART)) ->
        violated[c] = 0; violated_t[c] = 0
    :: in & opened_by && !is_open(c) -> violated[c] = 1
    :: else
    fi;
#endif
#ifdef EXACT_STARTS
    if
    :: was == cs_NORMAL && (in & opened_by) ->
        SET(broken03, start1[c] < WINDOW_T && cs[c] != cs_ACTIVE);
        start1[c] = start0[c]; start0[c] = 0
    :: else
    fi;
#endif
#ifdef WITH_INHIBIT
    if
    :: (what == aw_OPEN || what == aw_WORSEN || what == aw_ACK_EXPIRED) &&
       is[SOUND] == is_AUDIO_PAUSED -> newer[c] = 1
    :: else
    fi;
#endif
#ifdef WITH_ROUTES
    if
    :: what == aw_OPEN || what == aw_ACK || what == aw_CLOSED -> in_room[c] = 0; NOT_ONCE
    :: what == aw_COND_END && c == M -> in_room[c] = 0
    :: else
    fi;
#endif
    skip
}
#define WATCH_CONDITION watch_condition()

/* --- after each event -------------------------------------------------------------------------- */

#ifdef EXACT_DELAY
bit violated[2];
byte violated_t[2];
#endif
#ifdef EXACT_EXPIRY
byte acked_t;
#endif
#ifdef EXACT_STARTS
byte start0[2], start1[2];
bit broken03;
#endif
#ifdef EXACT_PAUSE
byte inhibited_t[2];
#endif
#ifdef WITH_ROUTES
bit in_room[2], broken13;
byte alone_t[2];
#endif
#ifdef WITH_DEVIATIONS
bit in_room_once[2], back_from_room;
#endif
#ifdef WITH_INHIBIT
bit newer[2];
#endif
#ifdef WITH_SINKS
byte silent_t[2], stopped_t[2];
hidden byte nobody_hears;
byte voice[2] = 2;
#define NOBODY 2
#endif

/* Active and not acknowledged; latched with sound counts too. */
#define owed(c) wants_sound(c)
#define wants_sound(c) (!ack[c] && (cs[c] == cs_ACTIVE || (c == H && cs[c] == cs_LATCHED)))
#define reaches(c, s) ((s == REMOTE && reaches_remote(c)) || (s == ROOM && reaches_room(c)))
#define audible(c, s) (up && wants_sound(c) && !inhibited(c) && reaches(c, s))
#define as_if_no_pause(c, s) (up && wants_sound(c) && is[VITAL] == is_ON && reaches(c, s))
#define heard(c) ((sink_up[REMOTE] && audible(c, REMOTE)) || (sink_up[ROOM] && audible(c, ROOM)))
#define free_of_pauses(c) (is[VITAL] == is_ON && (is[SOUND] == is_ON || !paused[c]))

/* What the formulas at the end say of one moment. */
#define good_p11 ((is[SOUND] == is_ON || sign[SOUND]) && (is[VITAL] == is_ON || sign[VITAL]) && \
    ((!paused[H] && !paused[M]) || sign[SOUND]))
#define good_p01 (silent_t[REMOTE] <= SILENT_T && silent_t[ROOM] <= SILENT_T)
#define held_back(c, s) (newer[c] && as_if_no_pause(c, s) && !audible(c, s))
#define good_p09 (!held_back(H, REMOTE) && !held_back(H, ROOM) && \
    !held_back(M, REMOTE) && !held_back(M, ROOM))
#define good_p13 (alone_t[H] <= 1 && alone_t[M] <= 1 && !broken13)
#define voiced_right(s) ((!audible(H, s) || voice[s] == H) && (!audible(M, s) || voice[s] != NOBODY))
#define good_p14 (voiced_right(REMOTE) && voiced_right(ROOM))
#define speaks(s) (stopped_t[s] <= SINK_T || sounds_itself(s))
#define good_p19 (speaks(REMOTE) && speaks(ROOM))
#define good_all (!broken04 && !broken05 && !broken12 && !broken15 && !broken17 && \
    good_p01 && good_p09 && good_p11 && good_p13 && good_p14 && good_p19)
#if defined(WITH_SINKS) && defined(WITH_FRESH)
#define WHOLE
bit wrong;
#endif

/* vg_engine_audible(): the loop over all slots, for one role. */
inline find_voice(s)
{
    voice[s] = NOBODY;
    if :: audible(H, s) && (voice[s] == NOBODY || voice[s] == M) -> voice[s] = H :: else fi;
#ifdef FAULT_VOICE_NEWEST
    if :: audible(M, s) -> voice[s] = M :: else fi
#else
    if :: audible(M, s) && voice[s] == NOBODY -> voice[s] = M :: else fi
#endif
}

/* How long an annunciator has worked without a break while the high instance was heard nowhere. */
inline count_silence(s)
{
    if
    :: !nobody_hears || !sink_up[s] -> silent_t[s] = 0
    :: else -> if :: ev == TICK -> COUNT_TO(silent_t[s], SILENT_T) :: else fi
    fi
}

inline watch_people()
{
#ifdef WITH_SINKS
    nobody_hears = ((up && owed(H) && free_of_pauses(H) && !heard(H)) ||
                    (!up && kept[H] && !sounds_itself(REMOTE) && !sounds_itself(ROOM)));
    count_silence(REMOTE);
    count_silence(ROOM);
    if :: up || !sink_up[REMOTE] -> stopped_t[REMOTE] = 0
       :: else -> if :: ev == TICK -> COUNT_TO(stopped_t[REMOTE], SINK_T) :: else fi fi;
    if :: up || !sink_up[ROOM] -> stopped_t[ROOM] = 0
       :: else -> if :: ev == TICK -> COUNT_TO(stopped_t[ROOM], SINK_T) :: else fi fi;
    find_voice(REMOTE);
    find_voice(ROOM);
#endif
#ifdef WITH_INHIBIT
    if :: is[SOUND] != is_AUDIO_PAUSED || !is_open(H) -> newer[H] = 0 :: else fi;
    if :: is[SOUND] != is_AUDIO_PAUSED || !is_open(M) -> newer[M] = 0 :: else fi;
#endif
#ifdef WITH_ROUTES
    c = H;
    do
    :: c <= M ->
        if
        :: ev == RESTART && kept[c] && !(cs[c] == cs_ACTIVE && !ack[c] && rs[c] == rs_LOCAL) ->
            broken05 = 1
        :: else
        fi;
        if
        :: up && !sink_up[REMOTE] && owed(c) && rs[c] != rs_LOCAL ->
            if :: ev == TICK -> COUNT_TO(alone_t[c], 1) :: else fi
        :: else -> alone_t[c] = 0
        fi;
        if :: !is_open(c) -> in_room[c] = 0; NOT_ONCE :: else fi;
        SET(broken13, in_room[c] && (rs[c] & ON_THE_WAY));
#ifdef WITH_DEVIATIONS
        SET(back_from_room, in_room_once[c] && (rs[c] & ON_THE_WAY));
        if :: rs[c] == rs_LOCAL -> in_room_once[c] = 1 :: else fi;
#endif
        if :: rs[c] == rs_LOCAL -> in_room[c] = 1 :: else fi;
        c++
    :: else -> break
    od;
    c = 0;
#endif
    skip
}

inline watch()
{
    SET(broken17, ev == CLOSE && ENDED && open_before != 0 && !flag);
#ifdef EXACT_DELAY
    if
    :: ev == TICK ->
        if :: violated[H] -> COUNT_TO(violated_t[H], DELAY_T(H)) :: else fi;
        if :: violated[M] -> COUNT_TO(violated_t[M], DELAY_T(M)) :: else fi
    :: ev == CRASH -> violated[H] = 0; violated[M] = 0; violated_t[H] = 0; violated_t[M] = 0
    :: else
    fi;
#endif
#ifdef EXACT_EXPIRY
    if
    :: !ack[H] || cs[H] != cs_ACTIVE -> acked_t = 0
    :: else -> if :: ev == TICK -> COUNT_TO(acked_t, EXPIRY_T(H)) :: else fi
    fi;
#endif
#ifdef EXACT_STARTS
    c = H;
    do
    :: c <= M ->
        if
        :: ev == TICK && up ->
            start0[c] = (start0[c] > WINDOW_T -> CAP : start0[c] + 1);
            start1[c] = (start1[c] > WINDOW_T -> CAP : start1[c] + 1)
        :: ev == CRASH -> start0[c] = CAP; start1[c] = CAP
        :: else
        fi;
        c++
    :: else -> break
    od;
    c = 0;
#endif
#ifdef EXACT_PAUSE
    if :: !(is[SOUND] == is_AUDIO_PAUSED) -> inhibited_t[SOUND] = 0
       :: else -> if :: ev == TICK -> COUNT_TO(inhibited_t[SOUND], PAUSE_T) :: else fi fi;
    if :: !(is[VITAL] == is_ALARM_PAUSED) -> inhibited_t[VITAL] = 0
       :: else -> if :: ev == TICK -> COUNT_TO(inhibited_t[VITAL], PAUSE_T) :: else fi fi;
#endif
    watch_people();
#ifdef WHOLE
    SET(wrong, !good_all);
#endif
    skip
}
#define WATCH watch()
#ifdef EXACT_STARTS
#define WATCH_INIT start0[H] = CAP; start1[H] = CAP; start0[M] = CAP; start1[M] = CAP
#else
#define WATCH_INIT skip
#endif

/* --- the properties ---------------------------------------------------------------------------- */

#ifdef EXACT_DELAY
ltl p02_bounded_detection { [] (violated_t[H] <= DELAY_H && violated_t[M] <= DELAY_M) }
#endif
#ifdef EXACT_STARTS
ltl p03_third_start { [] !broken03 }
#endif
#ifdef WITH_FRESH
ltl p04_data_loss_cannot_clear { [] !broken04 }
ltl p12_stale_never_classified { [] !broken12 }
ltl p15_limits_never_clear { [] !broken15 }
ltl p17_session_end { [] !broken17 }
#endif
#ifdef WITH_NUMBERS
/* Deviation: see README.md. */
ltl d12_limits { [] !old_value_moved }
ltl p06_latch { [] !broken06 }
ltl p07_specific_ack { [] !broken07 }
#endif
#ifdef EXACT_EXPIRY
ltl p08_ack_expires { [] (acked_t <= EXPIRY_H) }
#endif
#ifdef EXACT_PAUSE
ltl p10_bounded_inhibition { [] (inhibited_t[SOUND] <= PAUSE_T && inhibited_t[VITAL] <= PAUSE_T &&
    !(is[VITAL] == is_ALARM_OFF && required) && !(is[VITAL] == is_ALARM_PAUSED && unpausable)) }
#endif
#ifdef WITH_INHIBIT
ltl p11_inhibition_is_shown { [] good_p11 }
#endif
#ifdef WITH_SINKS
ltl p01_bounded_silence { [] good_p01 }
ltl p05_no_loss_over_restart { [] !broken05 }
ltl p09_breakthrough { [] good_p09 }
ltl p13_room_when_alone { [] good_p13 }
ltl p14_voice { [] good_p14 }
ltl p19_sinks_speak { [] good_p19 }
ltl p13_nothing_owed_is_done { [] !(up && wants_sound(H) && rs[H] == rs_DONE) }
#endif
#ifdef WITH_DEVIATIONS
/* Found, and stated: this does not hold. See README.md. */
ltl d13_relapse { [] !back_from_room }
#endif
#ifdef WHOLE
ltl all_at_once { [] !wrong }
#endif
