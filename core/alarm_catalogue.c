/*
 * alarm_catalogue.c -- the conditions, one row each.
 *
 * A row says what is compared, how bad it is, how long it must last and whether it stays visible
 * after it ended. Comparison is strict: a high limit of 179 makes 180 the first alarming value.
 * Priorities, delays and latching follow common practice of multi-parameter monitors and the
 * alarm categories of IEC 60601-1-8; adult limits until a baseline exists. The technical rows
 * whose subject is a device or a vital are LOW while no session is open: an empty room does not
 * call anybody.
 */
#include "core/alarm_catalogue.h"

#include <assert.h>
#include <string.h>

#include "vigil/compiler.h"
#include "vigil/time.h"

#define S(n) ((n)*VG_NS_PER_S)
#define MMHG(n) ((n)*1000)
#define OXYGEN(prio, side) VG_ALARM_PHYS, prio, side, VG_SUBJ_NONE, VG_VITAL_SPO2, VG_CAT_OXYGEN
#define CARDIO(prio, side, vital) VG_ALARM_PHYS, prio, side, VG_SUBJ_NONE, vital, VG_CAT_CARDIO
#define TECH(prio, subject)                                                                        \
    VG_ALARM_TECH, prio, VG_SIDE_NONE, subject, VG_VITAL_COUNT, VG_CAT_EQUIPMENT
#define STAFF(prio, subject)                                                                       \
    VG_ALARM_TECH, prio, VG_SIDE_NONE, subject, VG_VITAL_COUNT, VG_CAT_GENERAL
#define DRUG(prio, subject) VG_ALARM_TECH, prio, VG_SIDE_NONE, subject, VG_VITAL_COUNT, VG_CAT_DRUG
#define NO_RAPID VG_COND_COUNT
#define NO_LIMIT(latch) { 0, 0, 0, 0, latch, true }, 0, 0

/* clang-format off */
static const struct vg_condition_row rows[] = {
    [VG_COND_SPO2_LOW] = { "SPO2_LOW", "SpO2 low", OXYGEN(VG_PRIO_MED, VG_SIDE_LOW),
                           VG_COND_SPO2_DESAT, 1, 1000,
                           { 90000, 0, S(15), S(5), VG_LATCH_VISUAL, true }, 70000, 98000 },
    [VG_COND_SPO2_DESAT] = { "SPO2_DESAT", "SpO2 desaturation",
                             OXYGEN(VG_PRIO_HIGH, VG_SIDE_LOW), NO_RAPID, 3, 1000,
                             { 85000, 0, 0, S(5), VG_LATCH_FULL, true }, 60000, 95000 },
    [VG_COND_PR_LOW] = { "PR_LOW", "pulse rate low",
                         CARDIO(VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_PULSE_RATE), NO_RAPID, 1, 3000,
                         { 50000, 0, S(10), S(5), VG_LATCH_VISUAL, true }, 30000, 120000 },
    [VG_COND_PR_HIGH] = { "PR_HIGH", "pulse rate high",
                          CARDIO(VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_PULSE_RATE), NO_RAPID, 1, 3000,
                          { 120000, 0, S(10), S(5), VG_LATCH_VISUAL, true }, 60000, 250000 },
    [VG_COND_PR_XLOW] = { "PR_XLOW", "pulse rate very low",
                          CARDIO(VG_PRIO_HIGH, VG_SIDE_LOW, VG_VITAL_PULSE_RATE), NO_RAPID, 1, 3000,
                          { 40000, 0, S(5), S(5), VG_LATCH_FULL, true }, 20000, 110000 },
    [VG_COND_PR_XHIGH] = { "PR_XHIGH", "pulse rate very high",
                           CARDIO(VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_PULSE_RATE), NO_RAPID, 1,
                           3000, { 150000, 0, S(5), S(5), VG_LATCH_FULL, true }, 70000, 300000 },
    [VG_COND_SYS_LOW] = { "SYS_LOW", "systolic pressure low",
                          CARDIO(VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_NIBP_SYS), NO_RAPID, 1, MMHG(5),
                          { MMHG(90), 0, 0, 0, VG_LATCH_VISUAL, true }, MMHG(50), MMHG(180) },
    [VG_COND_SYS_HIGH] = { "SYS_HIGH", "systolic pressure high",
                           CARDIO(VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_NIBP_SYS), NO_RAPID, 1,
                           MMHG(5), { MMHG(160), 0, 0, 0, VG_LATCH_VISUAL, true }, MMHG(90),
                           MMHG(240) },
    [VG_COND_SYS_XLOW] = { "SYS_XLOW", "systolic pressure very low",
                           CARDIO(VG_PRIO_HIGH, VG_SIDE_LOW, VG_VITAL_NIBP_SYS), NO_RAPID, 1,
                           MMHG(5), { MMHG(80), 0, 0, 0, VG_LATCH_FULL, true }, MMHG(40), MMHG(170) },
    [VG_COND_SYS_XHIGH] = { "SYS_XHIGH", "systolic pressure very high",
                            CARDIO(VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_NIBP_SYS), NO_RAPID, 1,
                            MMHG(5), { MMHG(179), 0, 0, 0, VG_LATCH_FULL, true }, MMHG(100),
                            MMHG(260) },
    [VG_COND_DIA_HIGH] = { "DIA_HIGH", "diastolic pressure high",
                           CARDIO(VG_PRIO_MED, VG_SIDE_HIGH, VG_VITAL_NIBP_DIA), NO_RAPID, 1,
                           MMHG(5), { MMHG(100), 0, 0, 0, VG_LATCH_VISUAL, true }, MMHG(50),
                           MMHG(150) },
    [VG_COND_DIA_XHIGH] = { "DIA_XHIGH", "diastolic pressure very high",
                            CARDIO(VG_PRIO_HIGH, VG_SIDE_HIGH, VG_VITAL_NIBP_DIA), NO_RAPID, 1,
                            MMHG(5), { MMHG(109), 0, 0, 0, VG_LATCH_FULL, true }, MMHG(60),
                            MMHG(180) },
    [VG_COND_SENSOR_OFF] = { "SENSOR_OFF", "sensor off", TECH(VG_PRIO_HIGH, VG_SUBJ_DEVICE),
                             NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_DATA_LOST] = { "DATA_LOST", "no valid data", TECH(VG_PRIO_HIGH, VG_SUBJ_VITAL),
                            NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_LINK_DEVICE] = { "LINK_DEVICE", "device not connected",
                              TECH(VG_PRIO_HIGH, VG_SUBJ_DEVICE), NO_RAPID, 1, 0,
                              NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_NIBP_FAIL] = { "NIBP_FAIL", "blood pressure reading failed twice",
                            TECH(VG_PRIO_MED, VG_SUBJ_DEVICE), NO_RAPID, 1, 0,
                            NO_LIMIT(VG_LATCH_VISUAL) },
    [VG_COND_STORAGE] = { "STORAGE", "record cannot be written", TECH(VG_PRIO_MED, VG_SUBJ_NONE),
                          NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_FULL) },
    [VG_COND_CLOCK] = { "CLOCK", "wall clock was stepped", TECH(VG_PRIO_LOW, VG_SUBJ_NONE),
                        NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_VISUAL) },
    [VG_COND_RESTARTED] = { "RESTARTED", "monitoring was interrupted",
                            TECH(VG_PRIO_LOW, VG_SUBJ_NONE), NO_RAPID, 1, 0,
                            NO_LIMIT(VG_LATCH_VISUAL) },
    [VG_COND_MAP_LOW] = { "MAP_LOW", "mean pressure low",
                          CARDIO(VG_PRIO_MED, VG_SIDE_LOW, VG_VITAL_NIBP_MEAN), NO_RAPID, 1, MMHG(5),
                          { MMHG(60), 0, 0, 0, VG_LATCH_VISUAL, true }, MMHG(40), MMHG(120) },
    [VG_COND_SED_DEEP] = { "SED_DEEP", "deeply sedated", STAFF(VG_PRIO_HIGH, VG_SUBJ_NONE),
                           NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_FULL) },
    [VG_COND_VITAL_DUE] = { "VITAL_DUE", "reading is due", STAFF(VG_PRIO_MED, VG_SUBJ_VITAL),
                            NO_RAPID, 1, 0, NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_SINK_LOST] = { "SINK_LOST", "alarms do not arrive there",
                            TECH(VG_PRIO_MED, VG_SUBJ_SINK), NO_RAPID, 1, 0,
                            NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_BATTERY] = { "BATTERY", "battery of the device is low",
                          TECH(VG_PRIO_MED, VG_SUBJ_DEVICE), NO_RAPID, 1, 0,
                          NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_IDENTITY] = { "IDENTITY", "device belongs to another session",
                           TECH(VG_PRIO_HIGH, VG_SUBJ_DEVICE), NO_RAPID, 1, 0,
                           NO_LIMIT(VG_LATCH_FULL) },
    [VG_COND_SCORE_DUE] = { "SCORE_DUE", "score is due", STAFF(VG_PRIO_LOW, VG_SUBJ_NONE), NO_RAPID,
                            1, 0, NO_LIMIT(VG_LATCH_NONE) },
    [VG_COND_INFUSION_OVERRUN] = { "INFUSION_OVERRUN", "infusion runs past its planned end",
                                   DRUG(VG_PRIO_MED, VG_SUBJ_NONE), NO_RAPID, 1, 0,
                                   NO_LIMIT(VG_LATCH_NONE) },
};
/* clang-format on */
static_assert(VG_COUNT(rows) == VG_COND_COUNT, "a condition has no row");

const struct vg_condition_row *vg_condition_get(enum vg_condition c)
{
    VG_ASSERT((unsigned)c < VG_COND_COUNT);
    return &rows[c];
}

const char *vg_condition_name(enum vg_condition c)
{
    return (unsigned)c < VG_COND_COUNT ? rows[c].name : "unknown";
}

bool vg_condition_find(const char *name, enum vg_condition *out)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < VG_COND_COUNT; i++) {
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
            *out = (enum vg_condition)i;
            return true;
        }
    }
    return false;
}

int64_t vg_ack_expiry_ns(enum vg_priority p)
{
    static const int64_t expiry_ns[VG_PRIO_COUNT] = {
        [VG_PRIO_LOW] = 0, /* never */
        [VG_PRIO_MED] = S(300),
        [VG_PRIO_HIGH] = S(120),
    };
    return (unsigned)p < VG_PRIO_COUNT ? expiry_ns[p] : 0;
}
