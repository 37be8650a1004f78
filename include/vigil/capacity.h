/*
 * capacity.h -- every capacity of Vigil, each with the reason for its value.
 *
 * Storage is fixed: what is not used is never touched, so a large number costs address space, not
 * memory. Every full condition has a stated answer where it is met.
 */
#ifndef VIGIL_CAPACITY_H
#define VIGIL_CAPACITY_H

/* Devices of one daemon. The measured load of one loop thread allows 256 oximeters at 75 frames/s;
 * twice that leaves room for cuffs and Modbus units. Overridable from CMake. */
#ifndef VG_DEVICES_MAX
#define VG_DEVICES_MAX 512
#endif

/* Beds of one daemon: a clinic has tens; the load tests use one bed for each oximeter. */
#ifndef VG_BEDS_MAX
#define VG_BEDS_MAX 256
#endif

/* Identifiers in configuration, topics and records ("bed-1"), including the NUL. */
#define VG_ID_MAX 32
/* Operator, drug, patient reference, including the NUL. Longer ones are refused, never cut. */
#define VG_NAME_MAX 24
/* A request id: a UUID in text is 36 characters; including the NUL. */
#define VG_REQUEST_ID_MAX 40
/* A reason given by an operator, including the NUL. */
#define VG_REASON_MAX 48

/* Samples in one wave block on the stream: 8 at 75 Hz are 107 ms, live to the eye. */
#define VG_WAVE_BLOCK 8
/* Bytes of samples in one recorded wave block: one second at 75 Hz with one byte a sample fits. */
#define VG_WAVE_BYTES 96

/* Alarm sinks of one daemon: rooms, desks, pagers. One bit each in what an instance remembers. */
#define VG_SINKS_MAX 16
/* Limit profiles a configuration may name. */
#define VG_PROFILES_MAX 8

/* Session protocols of one configuration, and those that running sessions still keep. */
#define VG_PROTOCOLS_OFFERED 16
#define VG_PROTOCOLS_MAX 32
/* Doses of one session that are added up; an infusion with a change a minute for two hours is 120. The
 * last places are for what has no amount (a stop must not be lost). Later ones are recorded, and the
 * totals say that they are incomplete. */
#define VG_DOSES_MAX 1024
#define VG_DOSES_SPARE 64
/* Readings and scores due in one session: the longest protocol has 40, further doses add to them. */
#define VG_MARKS_MAX 128
/* Starts of cuffs on one person in any hour: one every two minutes. More bruises an arm. */
#define VG_CUFF_STARTS_HOUR 30
/* What travels beside an event and no rule reads: a note, a lot, a site, as JSON members. */
#define VG_EXTRA_MAX 1024
/* Bytes of it beside one event in the journal's ring: all that fits an event. */
#define VG_TEXT_PIECE 144

/* Condition slots of one bed: every condition once, two a vital, one a sink, and five of every
 * device. */
#define VG_SLOTS_MAX (80 + 5 * VG_DEVICES_MAX)
/* Receipts one bed remembers to answer a repeated request without doing it again: more than the
 * commands of a day. An older repeat is found on disk by the unique index: it is not recorded twice,
 * and a dose in it is taken back (vg_engine_take_back). */
#define VG_RECEIPTS_MAX 4096
/* Effects of one step. The end of a session and a restart move every open slot of a bed at once,
 * and its route; a restart says the state and the binding of every device, too. That must not be
 * cut; nor the marks of a session. The rest is limits, inhibitions and the answer. */
#define VG_EFFECTS_MAX (2 * VG_SLOTS_MAX + 2 * VG_DEVICES_MAX + VG_MARKS_MAX + 128)

/* Driver: the longest frame any serial protocol sends, and the state a driver may keep. */
#define VG_FRAME_MAX 256
#define VG_DRIVER_STATE_MAX 256
/* Bytes of one request to a serial device. */
#define VG_REQUEST_BYTES_MAX 64

/* Modbus register map: points, blocks and registers of one unit. The protocol allows 125 registers
 * a request (Modbus Application Protocol V1.1b3, 6.3). */
#define VG_POINTS_MAX 48
#define VG_BLOCKS_MAX 8
#define VG_REGS_MAX 125
/* Registers of all blocks of one poll: what one bus job can carry back. */
#define VG_POLL_REGS_MAX 256

/* One request, and one frame of one event. */
#define VG_WIRE_MAX 4096
/* The frame with the whole alarm state of a bed. */
#define VG_WIRE_ALARMS_BYTES 12288
/* The alarm state of one bed with every slot open must still fit a frame; instances past this
 * are counted in the frame, highest priority first. */
#define VG_WIRE_ALARMS_MAX 24

/* Commands waiting for the disk at one time; the next is answered "busy" without being taken. */
#define VG_PENDING_MAX 256
/* Journal ring: at 64 oximeters about 15 s of everything, at 2 devices more than half an hour of
 * a full disk. The last eighth is reserved for commands and alarm transitions. */
#define VG_JOURNAL_RING 32768

/* Reactor: descriptors, timers, ZeroMQ sockets. The dashboard has the most: of each daemon it reads
 * a stream and is a sink (four sockets, two timers; 8 daemons), beside 16 requests under way. */
#define VG_SOURCES_MAX (VG_DEVICES_MAX + 32)
#define VG_TIMERS_MAX 32
#define VG_ZSOCKETS_MAX 48

#endif
