/*
 * options.h -- what vigil-dashboard is told: its configuration file, read strictly.
 */
#ifndef VIGIL_DASHBOARD_OPTIONS_H
#define VIGIL_DASHBOARD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigil/capacity.h"
#include "vigil/compiler.h"
#include "vigil/status.h"

/* Daemons of one dashboard: rooms and hosts of one clinic. */
#define DASH_NODES_MAX 8
#define DASH_PATH_MAX 256
#define DASH_TITLE_MAX 64

struct dash_node_options {
    char id[VG_ID_MAX];
    char stream[DASH_PATH_MAX], view[DASH_PATH_MAX], operate[DASH_PATH_MAX];
    char sink[VG_ID_MAX]; /* empty: this dashboard is no sink of that daemon */
    uint8_t role;         /* enum vg_sink_role */
};

struct dash_options {
    char title[DASH_TITLE_MAX];
    char address[64];
    uint16_t port;
    char state_dir[DASH_PATH_MAX];
    char tones[DASH_PATH_MAX];
    char certificate[DASH_PATH_MAX], key[DASH_PATH_MAX]; /* empty: made in state_dir */
    uint8_t version;
    uint16_t node_count;
    struct dash_node_options node[DASH_NODES_MAX];
};

/*
 * dash_options_load -- read FILE; every error is a line on standard error.
 *
 * Errors: VG_ERR_IO, VG_ERR_FORMAT.
 */
VG_NODISCARD enum vg_status dash_options_load(struct dash_options *o, const char *file);

/* dash_options_keys -- one line for each key, for the manual's test. */
void dash_options_keys(void);

/* dash_is_loopback -- is the address one that only this machine reaches? Then plain HTTP is used;
 * anywhere else TLS. */
bool dash_is_loopback(const struct dash_options *o);

#endif
