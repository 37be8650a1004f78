/*
 * vital.c -- the vital table.
 *
 * Ranges are what a living person and a working sensor can produce; a value outside is marked
 * invalid at ingest and can neither raise nor clear an alarm. Freshness: a continuous value is
 * dimmed after 4 s, no value after 10 s and lost after 30 s; a cuff value is dimmed after 7 min
 * (one five-minute interval and two minutes) and no value after 15 min. No technical alarm follows
 * from an old cuff reading: whether one is due is the session's question.
 * Source of the codes: ISO/IEEE 11073-10101.
 */
#include <assert.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/time.h"
#include "vigil/vital.h"

#define S(n) ((n)*VG_NS_PER_S)
#define CONTINUOUS S(4), S(10), S(30), true
#define UNWATCHED S(4), S(10), 0, true
#define CUFF S(420), S(900), 0, false

/* clang-format off */
static const struct vg_vital_info table[] = {
    [VG_VITAL_SPO2] = { "spo2", "%", 1000, 1000, 100000, 150456, 262688, CONTINUOUS },
    [VG_VITAL_PULSE_RATE] = { "pulse_rate", "/min", 1000, 18000, 350000, 149530, 264864,
                              CONTINUOUS },
    [VG_VITAL_PERFUSION_INDEX] = { "perfusion_index", "0.01 %", 10, 10, 30000, 150488, 262688,
                                   UNWATCHED },
    [VG_VITAL_PLETH] = { "pleth", "1", 1000, 0, 65535000, 150452, 262656, UNWATCHED },
    [VG_VITAL_NIBP_SYS] = { "nibp_sys", "mm[Hg]", 1000, 30000, 300000, 150021, 266016, CUFF },
    [VG_VITAL_NIBP_DIA] = { "nibp_dia", "mm[Hg]", 1000, 20000, 280000, 150022, 266016, CUFF },
    [VG_VITAL_NIBP_MEAN] = { "nibp_mean", "mm[Hg]", 1000, 20000, 290000, 150023, 266016, CUFF },
    [VG_VITAL_NIBP_PULSE_RATE] = { "nibp_pulse_rate", "/min", 1000, 20000, 300000, 149546, 264864,
                                   CUFF },
    [VG_VITAL_CUFF_PRESSURE] = { "cuff_pressure", "mm[Hg]", 1000, -30000, 350000, 150300, 266016,
                                 UNWATCHED },
};
/* clang-format on */
static_assert(VG_COUNT(table) == VG_VITAL_COUNT, "a vital has no row");

const struct vg_vital_info *vg_vital_get(enum vg_vital v)
{
    VG_ASSERT((unsigned)v < VG_VITAL_COUNT);
    return &table[v];
}

bool vg_vital_find(const char *name, enum vg_vital *out)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < VG_VITAL_COUNT; i++) {
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) {
            *out = (enum vg_vital)i;
            return true;
        }
    }
    return false;
}
