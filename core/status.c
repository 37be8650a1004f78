/*
 * status.c -- the words for enum vg_status.
 */
#include "vigil/status.h"

#include <stddef.h>

#include "vigil/compiler.h"

static const struct {
    const char *name;
    const char *text;
} words[] = {
    { "OK", "done" },
    { "ARG", "the request is malformed" },
    { "RANGE", "a number lies outside its legal range" },
    { "FULL", "a fixed capacity is used up" },
    { "FORMAT", "the data do not have the promised form" },
    { "CHECKSUM", "a checksum does not fit" },
    { "TIMEOUT", "no answer in time" },
    { "IO", "the operating system refused" },
    { "LOST", "the device or peer is gone" },
    { "STATE", "not possible in the present state" },
    { "DENIED", "not permitted, or in use by another program" },
    { "STORE", "the record could not be written" },
    { "BUG", "internal fault, contained" },
};

const char *vg_status_name(enum vg_status st)
{
    size_t i = (size_t)(-(int)st);
    return i < VG_COUNT(words) ? words[i].name : "UNKNOWN";
}

const char *vg_status_text(enum vg_status st)
{
    size_t i = (size_t)(-(int)st);
    return i < VG_COUNT(words) ? words[i].text : "unknown status";
}
