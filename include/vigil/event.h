/*
 * event.h -- struct vg_event: the one currency of Vigil.
 *
 * Everything that happens is an event: it enters through daemon/ingest.c, which gives it its
 * sequence number and both times, passes the engine, and leaves as record and frame. Events are
 * plain values of at most 192 bytes, copied, never shared.
 */
#ifndef VIGIL_EVENT_H
#define VIGIL_EVENT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "vigil/alarm.h"
#include "vigil/capacity.h"
#include "vigil/care.h"
#include "vigil/dose.h"
#include "vigil/inhibit.h"
#include "vigil/plan.h"
#include "vigil/routing.h"
#include "vigil/session.h"
#include "vigil/time.h"
#include "vigil/vital.h"

/* The numbers are stored in the record: append only, never renumber. */
enum vg_event_kind {
    VG_EV_NONE = 0,
    VG_EV_READING = 1, /* one value of one vital */
    VG_EV_NIBP = 2,    /* end of a cuff determination, good or bad */
    VG_EV_WAVE = 3,    /* samples of a waveform */
    VG_EV_DEVICE = 4,  /* a port's connection moved */
    VG_EV_SIGNAL = 5,  /* the sensor's own statements changed */
    VG_EV_CUFF = 6,    /* a word from a cuff, or a move of the determination */
    VG_EV_SESSION = 7, /* open or close */
    VG_EV_DOSE = 8,
    VG_EV_ACK = 9,
    VG_EV_NIBP_COMMAND = 10, /* a person asks a cuff to start or abort */
    VG_EV_ALARM = 11,        /* transition of a condition */
    VG_EV_FRESHNESS = 12,    /* machine F moved */
    VG_EV_CLOCK = 13,        /* the wall clock stepped */
    VG_EV_DAEMON = 14,       /* start, restart, stop, storage trouble */
    VG_EV_TICK = 15,         /* time passed; on a fixed grid, never recorded */
    VG_EV_INHIBIT = 16,      /* pause or off: a person's wish, or a move of machine I */
    VG_EV_LIMITS = 17,       /* a person changes limits */
    VG_EV_LIMIT = 18,        /* the limit of one condition moved */
    VG_EV_ROUTE = 19,        /* machine R moved: who is told of an instance */
    VG_EV_SINK = 20,         /* an alarm sink is well, lost, or confirms */
    VG_EV_CARE = 21,         /* what people do around a session, see care.h */
    VG_EV_BIND = 22,         /* a device belongs to the session that opened */
    VG_EV_PLAN = 23,         /* something due moved, or the phase of a session */
    VG_EV_KIND_COUNT
};

enum vg_event_flag {
    VG_FLAG_TEST = 1u << 0,    /* made by a simulator, or by a device marked test */
    VG_FLAG_REPLAY = 1u << 1,  /* read back from the record at start */
    VG_FLAG_UNSAVED = 1u << 2, /* confirmed from memory: the disk refused so far */
    VG_FLAG_ARCHIVE = 1u << 3  /* wave block for the record, not for the stream */
};

#define VG_DEVICE_NONE UINT16_C(0xffff)
#define VG_BED_NONE UINT16_C(0xffff)
/* Length of the tick grid. */
#define VG_TICK_NS (250 * VG_NS_PER_MS)
/* More ticks than this are not made up for: the machine slept, and so did the devices. */
#define VG_LATE_TICKS_MAX 240

struct vg_reading {
    int64_t age_ns;      /* of the sample when the event was made */
    int32_t value_milli; /* meaningless unless quality is ok or questionable */
    uint8_t vital;       /* enum vg_vital */
    uint8_t quality;     /* enum vg_quality */
    uint8_t fresh;       /* enum vg_freshness after this sample; set by the engine */
};

/* Normalised errors of a determination, common to all cuffs. */
enum vg_nibp_error {
    VG_NIBP_OK,
    VG_NIBP_WEAK_SIGNAL,
    VG_NIBP_MOTION,
    VG_NIBP_OUT_OF_RANGE,
    VG_NIBP_MEAS_TIMEOUT,
    VG_NIBP_LOOSE_OR_LEAK,
    VG_NIBP_PNEUMATIC_BLOCK,
    VG_NIBP_OVERPRESSURE,
    VG_NIBP_SAFETY_TIMEOUT,
    VG_NIBP_WRONG_CUFF_OR_MODE,
    VG_NIBP_USER_ABORT,
    VG_NIBP_NOT_READY_BUSY,
    VG_NIBP_HW_FAULT,
    VG_NIBP_CAL_FAULT,
    VG_NIBP_DEVICE_RESET,
    VG_NIBP_UNKNOWN,
    VG_NIBP_START_FAILED, /* Vigil: started, but never seen to begin */
    VG_NIBP_NO_RESULT,    /* Vigil: ended without a result that is provably its own */
    VG_NIBP_FOREIGN,      /* Vigil: the result belongs to a determination we did not start */
    VG_NIBP_COMM_LOST,    /* Vigil: the link broke while the cuff may be inflated */
    VG_NIBP_IMPLAUSIBLE,  /* Vigil: numbers fail the gate dia < mean < sys etc. */
    VG_NIBP_ERROR_COUNT
};

struct vg_nibp {
    int32_t sys_milli, dia_milli, mean_milli; /* valid only when error is OK */
    int32_t pulse_rate_milli;                 /* 0 = the cuff gave none */
    uint16_t native_code;                     /* the device's own error code, for the log */
    uint8_t error;                            /* enum vg_nibp_error */
    bool mean_computed;                       /* mean is (sys + 2 dia) / 3 by Vigil */
};

struct vg_wave {
    int64_t first_mono_ns; /* when the first sample arrived */
    uint32_t rate_millihz; /* 75000 = 75 samples a second */
    uint8_t vital;         /* enum vg_vital */
    uint8_t count;         /* samples */
    uint8_t width_bytes;   /* 1 or 2 (little-endian) */
    uint8_t data[VG_WAVE_BYTES];
};

/* Connection machine of a port. */
enum vg_port_state {
    VG_PORT_CLOSED,
    VG_PORT_OPENING,
    VG_PORT_SYNCING,
    VG_PORT_ONLINE,
    VG_PORT_SILENT,
    VG_PORT_BACKOFF,
    VG_PORT_STATE_COUNT
};

struct vg_device_event {
    uint8_t from, to; /* enum vg_port_state */
    int8_t cause;     /* enum vg_status */
    uint32_t dropped; /* bytes or replies thrown away since the last move */
};

/* What a sensor says of itself; a set of bits, in force until the next event. */
enum vg_signal_bit {
    VG_SIGNAL_SENSOR_UNPLUGGED = 1u << 0,
    VG_SIGNAL_SENSOR_OFF = 1u << 1,
    VG_SIGNAL_ARTIFACT = 1u << 2,
    VG_SIGNAL_OUT_OF_TRACK = 1u << 3,
    VG_SIGNAL_LOW_PERFUSION = 1u << 4,
    VG_SIGNAL_SEARCHING = 1u << 5,
    VG_SIGNAL_LOW_BATTERY = 1u << 6,
    VG_SIGNAL_HW_FAULT = 1u << 7
};

struct vg_signal {
    uint32_t bits;
};

/* Words a cuff says, in the common vocabulary of all cuff protocols (core/nibp.c). */
enum vg_cuff_word {
    VG_CUFF_ACCEPTED,  /* start received, beginning */
    VG_CUFF_BUSY,      /* refused: already measuring */
    VG_CUFF_RUNNING,   /* seen to be inflating or measuring */
    VG_CUFF_COMPLETED, /* determination ended, good or bad: ask for the result */
    VG_CUFF_ABORTED,   /* abort done or under way */
    VG_CUFF_REFUSED,   /* command unknown, error, not possible */
    VG_CUFF_IDLE,      /* seen to be idle */
    VG_CUFF_WORD_COUNT
};

/* States of the determination machine. */
enum vg_nibp_state {
    VG_NS_IDLE,
    VG_NS_STARTING,
    VG_NS_INFLATING,
    VG_NS_MEASURING,
    VG_NS_RESULT, /* ended; waiting for the numbers */
    VG_NS_ABORTING,
    VG_NS_COOLDOWN,
    VG_NS_COUNT
};

struct vg_cuff_event {
    uint8_t word;  /* enum vg_cuff_word, from the device */
    uint8_t state; /* enum vg_nibp_state, when the engine reports a move */
    bool is_state; /* which of the two this event carries */
};

/* What may be asked of a device. */
enum vg_request_what {
    VG_REQ_NONE,
    VG_REQ_KEEPALIVE, /* harmless question that shows the device is there */
    VG_REQ_NIBP_START,
    VG_REQ_NIBP_ABORT,
    VG_REQ_NIBP_RESULT,
    VG_REQ_COUNT
};

struct vg_nibp_command {
    char request_id[VG_REQUEST_ID_MAX];
    char operator_id[VG_NAME_MAX];
    uint8_t what; /* VG_REQ_NIBP_START or VG_REQ_NIBP_ABORT */
};

struct vg_freshness_event {
    int64_t age_ns;
    uint8_t vital;
    uint8_t from, to; /* enum vg_freshness */
    bool sensor_off;
};

struct vg_clock_event {
    int64_t step_ns; /* wall clock minus where it should have been */
};

enum vg_daemon_what {
    VG_DAEMON_STARTED,   /* first event of a boot id */
    VG_DAEMON_RESTARTED, /* after replay: this bed had an open session or open alarms */
    VG_DAEMON_STOPPING,
    VG_DAEMON_STORAGE_BAD, /* a write failed or took longer than 1 s */
    VG_DAEMON_STORAGE_GOOD,
    VG_DAEMON_CLOCK_BAD, /* nothing keeps the wall clock right, and something should */
    VG_DAEMON_CLOCK_GOOD,
    VG_DAEMON_WHAT_COUNT
};

struct vg_daemon_event {
    int64_t gap_ns;     /* RESTARTED: since the last recorded event */
    uint64_t first_seq; /* STARTED: first event of this run; replay begins there */
    uint8_t what;       /* enum vg_daemon_what */
    uint8_t limits;     /* RESTARTED: limits in force again that are not the configuration's */
    uint32_t dropped;   /* samples that could not be kept for the record */
};

/* Why a command was refused. The sentence (vg_refusal_text) names the cure. */
enum vg_refusal {
    VG_REFUSED_NOT,
    VG_REFUSED_NO_SESSION,
    VG_REFUSED_SESSION_OPEN,
    VG_REFUSED_ALARMS_OPEN,
    VG_REFUSED_NO_INSTANCE,
    VG_REFUSED_ACKED,
    VG_REFUSED_NOT_A_CUFF,
    VG_REFUSED_CUFF_OFFLINE,
    VG_REFUSED_CUFF_BUSY,
    VG_REFUSED_CUFF_COOLDOWN,
    VG_REFUSED_ID_REUSED,
    VG_REFUSED_NOTHING_SOUNDS,
    VG_REFUSED_INHIBITED,
    VG_REFUSED_NOT_INHIBITED,
    VG_REFUSED_REQUIRED,
    VG_REFUSED_LIMIT,
    VG_REFUSED_NO_BASELINE,
    VG_REFUSED_NO_SINK,
    VG_REFUSED_BOUND,
    VG_REFUSED_SESSION_KIND,
    VG_REFUSED_FUTURE,
    VG_REFUSED_BEFORE_SESSION,
    VG_REFUSED_NO_DOSE,
    VG_REFUSED_CORRECTED,
    VG_REFUSED_NO_WEIGHT,
    VG_REFUSED_WEIGHT,
    VG_REFUSED_AMOUNT,
    VG_REFUSED_CONFIRM,
    VG_REFUSED_DISCHARGE,
    VG_REFUSED_NO_SCALE,
    VG_REFUSED_SCORE,
    VG_REFUSED_NOT_SOFT,
    VG_REFUSED_ANSWER_FIRST,
    VG_REFUSED_NO_PLAN,
    VG_REFUSED_DEFERRED,
    VG_REFUSED_CUFF_HOUR,
    VG_REFUSED_READING,
    VG_REFUSED_NO_ROW,
    VG_REFUSED_WEIGHT_RANGE,
    VG_REFUSED_BASELINE_GIVEN,
    VG_REFUSED_COUNT
};

struct vg_event {
    uint64_t seq;     /* assigned at ingest, never reused */
    uint64_t session; /* open session of the bed, 0 when none */
    int64_t mono_ns;
    int64_t utc_ns;
    uint16_t kind;   /* enum vg_event_kind */
    uint16_t bed;    /* index, or VG_BED_NONE */
    uint16_t device; /* index, or VG_DEVICE_NONE */
    uint16_t flags;  /* enum vg_event_flag */
    union {
        struct vg_reading reading;
        struct vg_nibp nibp;
        struct vg_wave wave;
        struct vg_device_event dev;
        struct vg_signal signal;
        struct vg_cuff_event cuff;
        struct vg_session_event session_move;
        struct vg_dose dose;
        struct vg_ack ack;
        struct vg_nibp_command command;
        struct vg_alarm_event alarm;
        struct vg_freshness_event fresh;
        struct vg_clock_event clock;
        struct vg_daemon_event daemon;
        struct vg_inhibit_event inhibit;
        struct vg_limits_event limits;
        struct vg_limit_event limit;
        struct vg_route_event route;
        struct vg_sink_event sink;
        struct vg_care care;
        struct vg_plan_event plan;
        char text[VG_TEXT_PIECE]; /* kind NONE, in the journal's ring only */
    } u;
};
static_assert(sizeof(struct vg_event) <= 192, "an event must stay cheap to copy");

const char *vg_event_kind_name(enum vg_event_kind k);
const char *vg_port_state_name(enum vg_port_state s);
const char *vg_nibp_state_name(enum vg_nibp_state s);
const char *vg_nibp_error_name(enum vg_nibp_error e);
const char *vg_cuff_word_name(enum vg_cuff_word w);
const char *vg_daemon_what_name(enum vg_daemon_what w);
const char *vg_refusal_name(enum vg_refusal r);
const char *vg_refusal_text(enum vg_refusal r);

/* The request id of an operator event, or NULL for other kinds. */
const char *vg_event_request_id(const struct vg_event *ev);
const char *vg_event_operator(const struct vg_event *ev);

#endif
