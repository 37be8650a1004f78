/*
 * Functions 1, 2, 3, 4, 5, 6, 15 and 16 of the Modbus Application Protocol V1.1b3. Written by hand
 * because several units must answer on one line, which a libmodbus server cannot do.
 *
 * Trap: a write of several registers is carried out in order up to the first refusal; the standard
 * leaves that open, and a host may not rely on either.
 */
#include "modbus_pdu.h"

#define FN_READ_COILS 1
#define FN_READ_DISCRETE 2
#define FN_READ_HOLDING 3
#define FN_READ_INPUT 4
#define FN_WRITE_COIL 5
#define FN_WRITE_REGISTER 6
#define FN_WRITE_COILS 15
#define FN_WRITE_REGISTERS 16

#define READ_BITS_MAX 2000U
#define READ_REGISTERS_MAX 125U
#define WRITE_BITS_MAX 1968U
#define WRITE_REGISTERS_MAX 123U

static uint16_t big16(const uint8_t *at)
{
    return (uint16_t)((unsigned)at[0] << 8U | at[1]);
}

uint16_t vg_mb_crc(const uint8_t *bytes, size_t bytes_len)
{
    unsigned crc = 0xFFFFU;

    for (size_t i = 0; i < bytes_len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U;
        }
    }
    return (uint16_t)(crc & 0xFFFFU);
}

size_t vg_mb_request_bytes(const uint8_t *pdu, size_t pdu_len)
{
    if (pdu_len == 0) {
        return 0;
    }
    switch (pdu[0]) {
    case FN_READ_COILS:
    case FN_READ_DISCRETE:
    case FN_READ_HOLDING:
    case FN_READ_INPUT:
    case FN_WRITE_COIL:
    case FN_WRITE_REGISTER:
        return 5;
    case FN_WRITE_COILS:
    case FN_WRITE_REGISTERS:
        return pdu_len < 6 ? 0 : 6U + pdu[5];
    default:
        return SIZE_MAX;
    }
}

size_t vg_mb_exception_reply(uint8_t *reply, uint8_t function, unsigned code)
{
    reply[0] = (uint8_t)(function | 0x80U);
    reply[1] = (uint8_t)(code & 0xFFU);
    return 2;
}

bool vg_mb_is_write(uint8_t function)
{
    return function == FN_WRITE_COIL || function == FN_WRITE_REGISTER ||
           function == FN_WRITE_COILS || function == FN_WRITE_REGISTERS;
}

static enum vg_mb_table table_of(uint8_t function)
{
    switch (function) {
    case FN_READ_DISCRETE:
        return VG_MB_DISCRETE_INPUTS;
    case FN_READ_INPUT:
        return VG_MB_INPUT_REGISTERS;
    case FN_READ_HOLDING:
    case FN_WRITE_REGISTER:
    case FN_WRITE_REGISTERS:
        return VG_MB_HOLDING_REGISTERS;
    default:
        return VG_MB_COILS;
    }
}

/* Fills in the whole reply; what it holds after a refusal is of no use. */
static enum vg_mb_exception read_entries(const struct vg_mb_map *map, void *unit, uint8_t *reply,
                                         const uint8_t *pdu, int64_t now_ns)
{
    bool is_bits = pdu[0] == FN_READ_COILS || pdu[0] == FN_READ_DISCRETE;
    unsigned first = big16(&pdu[1]);
    unsigned count = big16(&pdu[3]);
    unsigned bytes = is_bits ? (count + 7U) / 8U : 2U * count;

    if (count == 0 || count > (is_bits ? READ_BITS_MAX : READ_REGISTERS_MAX)) {
        return VG_MB_ILLEGAL_VALUE;
    }
    if (first + count > 0x10000U) {
        return VG_MB_ILLEGAL_ADDRESS;
    }
    for (unsigned i = 0; i < bytes; i++) {
        reply[2U + i] = 0;
    }
    for (unsigned i = 0; i < count; i++) {
        uint16_t value = 0;
        enum vg_mb_exception refusal = map->read(unit, &value, table_of(pdu[0]), first + i, now_ns);

        if (refusal != VG_MB_NONE) {
            return refusal;
        }
        if (is_bits) {
            unsigned bit = value != 0 ? 1U << (i % 8U) : 0U;

            reply[2U + i / 8U] = (uint8_t)(reply[2U + i / 8U] | bit);
        } else {
            reply[2U + 2U * i] = (uint8_t)(value >> 8U);
            reply[3U + 2U * i] = (uint8_t)(value & 0xFFU);
        }
    }
    reply[0] = pdu[0];
    reply[1] = (uint8_t)(bytes & 0xFFU);
    return VG_MB_NONE;
}

static enum vg_mb_exception write_one(const struct vg_mb_map *map, void *unit, const uint8_t *pdu,
                                      int64_t now_ns)
{
    uint16_t value = big16(&pdu[3]);

    if (pdu[0] == FN_WRITE_COIL) {
        if (value != 0 && value != 0xFF00U) {
            return VG_MB_ILLEGAL_VALUE;
        }
        value = value != 0 ? 1 : 0;
    }
    return map->write(unit, table_of(pdu[0]), big16(&pdu[1]), value, now_ns);
}

static enum vg_mb_exception write_entries(const struct vg_mb_map *map, void *unit,
                                          const uint8_t *pdu, size_t pdu_len, int64_t now_ns)
{
    bool is_bits = pdu[0] == FN_WRITE_COILS;
    unsigned first = big16(&pdu[1]);
    unsigned count = big16(&pdu[3]);
    unsigned bytes = is_bits ? (count + 7U) / 8U : 2U * count;

    if (count == 0 || count > (is_bits ? WRITE_BITS_MAX : WRITE_REGISTERS_MAX) || pdu[5] != bytes ||
        pdu_len != 6U + bytes) {
        return VG_MB_ILLEGAL_VALUE;
    }
    if (first + count > 0x10000U) {
        return VG_MB_ILLEGAL_ADDRESS;
    }
    for (unsigned i = 0; i < count; i++) {
        uint16_t value = 0;
        enum vg_mb_exception refusal = VG_MB_NONE;

        if (is_bits) {
            value = ((unsigned)pdu[6U + i / 8U] >> (i % 8U)) & 1U ? 1 : 0;
        } else {
            value = big16(&pdu[6U + 2U * i]);
        }
        refusal = map->write(unit, table_of(pdu[0]), first + i, value, now_ns);
        if (refusal != VG_MB_NONE) {
            return refusal;
        }
    }
    return VG_MB_NONE;
}

size_t vg_mb_execute(const struct vg_mb_map *map, void *unit, uint8_t *reply, const uint8_t *pdu,
                     size_t pdu_len, int64_t now_ns)
{
    enum vg_mb_exception refusal = VG_MB_NONE;
    size_t expected = vg_mb_request_bytes(pdu, pdu_len);

    if (expected == SIZE_MAX) {
        return vg_mb_exception_reply(reply, pdu[0], VG_MB_ILLEGAL_FUNCTION);
    }
    if (expected == 0 || expected != pdu_len) {
        return vg_mb_exception_reply(reply, pdu[0], VG_MB_ILLEGAL_VALUE);
    }
    if (!vg_mb_is_write(pdu[0])) {
        refusal = read_entries(map, unit, reply, pdu, now_ns);
    } else if (pdu[0] == FN_WRITE_COIL || pdu[0] == FN_WRITE_REGISTER) {
        refusal = write_one(map, unit, pdu, now_ns);
    } else {
        refusal = write_entries(map, unit, pdu, pdu_len, now_ns);
    }
    if (refusal != VG_MB_NONE) {
        return vg_mb_exception_reply(reply, pdu[0], refusal);
    }
    if (!vg_mb_is_write(pdu[0])) {
        return 2U + reply[1];
    }
    for (size_t i = 0; i < 5; i++) {
        reply[i] = pdu[i]; /* an echo: address and value, or address and quantity */
    }
    return 5;
}
