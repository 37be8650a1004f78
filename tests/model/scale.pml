/*
 * scale.pml -- the scale of time, the words, and which parts of the model a slice has.
 *
 * One tick of the model stands for 5 s. Order matters here, not length: a pause of four ticks meets
 * every order of events that a pause of 24 ticks meets.
 *
 * A timer counts the ticks since it began. It began somewhere between two ticks, so that a count of t
 * is a time between t-1 and t+1 ticks. REACHED says so: at the limit itself it may be over or not.
 */
#define H 0 /* the high condition: latch full */
#define M 1 /* the medium condition: latch visual */

#define RECEIPT_T 1  /* 3 s */
#define SECOND_T 2
#define LOCAL_T 3    /* 15 s */
#define SILENT_T 3   /* P1: 15 s */
#define SINK_T 1     /* 3 s: a sink without a word of the daemon sounds by itself */
#define PAUSE_T 3    /* 120 s */
#define REMIND_T 2   /* 120 s */
#define EXPIRY_H 3   /* 120 s */
#define EXPIRY_M 4   /* 300 s */
#define DELAY_H 1    /* 5 s */
#define DELAY_M 2    /* 10 s */
#define EXPIRY_T(c) (c == H -> EXPIRY_H : EXPIRY_M)
#define DELAY_T(c) (c == H -> DELAY_H : DELAY_M)
#define CLEAR_T 1    /* 5 s */
#define WINDOW_T 4   /* 60 s: three starts of violation */
#define STALE_T 1    /* 10 s */
#define LOST_T 2     /* 30 s */
#define MISSED_T 3   /* 60 s */
#define CAP 7

/* luck[c] is chosen anew for every event. */
#define REACHED(t, limit) ((t) > (limit) || ((t) == (limit) && luck[c]))

/* --- slices: see README.md ------------------------------------------------------------------ */

/* WITH_FRESH, WITH_NUMBERS, WITH_SESSION, WITH_ROUTES, WITH_SINKS, WITH_INHIBIT, WITH_PHASE: parts that
 * are there; WITH_DEVIATIONS: monitors of what is known not to hold. EXACT_FRESH, EXACT_DELAY,
 * EXACT_CLEAR, EXACT_EXPIRY, EXACT_STARTS, EXACT_PAUSE: timers that count. A timer that does not count
 * may be over at any moment, or never: what holds then holds for every setting. */

/* --- words of the tables: states and inputs are bits ----------------------------------------- */

#define STAY 0
#define ALWAYS true
#define QUIET 0

#define cs_DISARMED 1
#define cs_NORMAL 2
#define cs_PENDING 4
#define cs_ACTIVE 8
#define cs_LATCHED 16

#define ci_ARM 1
#define ci_BAD 2
#define ci_RAPID 4
#define ci_BAND 8
#define ci_OK 16
#define ci_WORSE 32
#define ci_STALE 64
#define ci_TICK 128
#define ci_ACK 256
#define ci_LIMITS_OK 512
#define ci_LIMITS_BAD 1024
#define ci_DROP 2048
#define ci_OVERRIDE 4096
#define ci_RESTART 8192

#define aw_ARMED 1
#define aw_PENDING 2
#define aw_SUPPRESSED_BY_DELAY 3
#define aw_OPEN 4
#define aw_WORSEN 5
#define aw_ACK 6
#define aw_ACK_EXPIRED 7
#define aw_COND_END 8
#define aw_CLOSED 9
#define aw_RESTORED 10

#define fs_NEVER 1
#define fs_FRESH 2
#define fs_STALE 4
#define fs_LOST 8

#define fi_VALID 1
#define fi_TICK 2
#define fi_SENSOR_OFF 4

#define rs_DONE 1
#define rs_SENT 2
#define rs_CONFIRMED 4
#define rs_ESCALATED 8
#define rs_LOCAL 16

#define ri_OPEN 1
#define ri_WORSE 2
#define ri_RESTORED 4
#define ri_RECEIPT 8
#define ri_TICK 16
#define ri_LINK_LOST 32
#define ri_LINK_OK 64
#define ri_ROOM_LOST 128
#define ri_QUIET_ON 256
#define ri_QUIET_OFF 512
#define ri_PAST 1024
#define ri_ENDED 2048

#define rw_SENT 1
#define rw_CONFIRMED 2
#define rw_ESCALATED 3
#define rw_LOCAL_ON 4
#define rw_DONE 5

#define is_ON 1
#define is_AUDIO_PAUSED 2
#define is_ALARM_PAUSED 4
#define is_ALARM_OFF 8

#define ii_AUDIO_PAUSE 1
#define ii_ALARM_PAUSE 2
#define ii_ALARM_OFF 4
#define ii_ALARM_ON 8
#define ii_OPENED 16
#define ii_TICK 32
#define ii_PHASE 64
#define ii_SESSION 128
#define ii_RESTART 256

#define iw_MOVED 1
