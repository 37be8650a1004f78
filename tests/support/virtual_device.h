/*
 * virtual_device.h -- an oximeter and a cuff for tests in virtual time, behind a fake link.
 *
 * The link is a socket pair: what the device says waits there to be read like on a line, and a
 * pulled cable is the end of the file. The oximeter speaks Nonin data format 2 a packet at a time;
 * the cuff answers like a SunTech module. Both were written from the documents the drivers cite,
 * and know nothing of the daemon.
 */
#ifndef VIGIL_TESTS_SUPPORT_VIRTUAL_DEVICE_H
#define VIGIL_TESTS_SUPPORT_VIRTUAL_DEVICE_H

#include "daemon/link.h"

#define VDEV_NONE 0 /* a missing saturation or rate */
#define VDEV_LOG_MAX 64
#define VDEV_QUEUE_MAX 16

enum vdev_kind { VDEV_OXIMETER, VDEV_CUFF };

/* What a cuff was told, and when. */
struct vdev_told {
    int64_t at_ns;
    char what; /* 's' start, 'a' abort, 'r' result */
};

struct vdev_say {
    int64_t due_ns;
    size_t len;
    uint8_t bytes[32];
};

struct vdev {
    char id[VG_ID_MAX];
    enum vdev_kind kind;
    bool plugged; /* the cable is in: it can be opened */
    bool mute;    /* powered, but says nothing */
    bool refuse;  /* opening is denied: another program holds the port */
    bool torn;    /* the next opening gives a link that is not connected yet */
    int fd;       /* our end; -1 = nobody opened it */
    int64_t due_ns;

    /* oximeter */
    int64_t period_ns; /* between packets */
    int spo2, pr;
    bool off, unplugged, artifact, weak;

    /* cuff */
    int64_t started_ns;  /* VG_TIME_NONE = deflated */
    int64_t duration_ns; /* of a determination */
    int sys, dia, mean, rate;
    uint8_t code; /* native error; 0 = good */
    bool deaf;    /* does not answer a start, though it inflates */
    bool busy;    /* answers a start with B */
    size_t told_count;
    struct vdev_told told[VDEV_LOG_MAX];
    size_t queue_count;
    struct vdev_say queue[VDEV_QUEUE_MAX];
};

void vdev_init(struct vdev *d, const char *id, enum vdev_kind kind);

/* Say what is due at now_ns; true when bytes went out. d->due_ns is when to call again. */
bool vdev_step(struct vdev *d, int64_t now_ns);
/* Say these bytes now. */
void vdev_say(struct vdev *d, const uint8_t *bytes, size_t len);
/* Pull and put back the cable. */
void vdev_unplug(struct vdev *d);
void vdev_replug(struct vdev *d, int64_t now_ns);
/* How often it was told something. */
size_t vdev_told(const struct vdev *d, char what);

/* The fake link: finds the device whose id is the target among those given here. */
extern const struct vg_link_ops vdev_link;
void vdev_set_world(struct vdev *devices, size_t count, const int64_t *now_ns);

#endif
