/*
 * bits.h -- the narrowing, checksum and byte-order helpers of all drivers.
 *
 * Narrowing happens here, by name, and not by casts at call sites.
 */
#ifndef VIGIL_DRIVERS_BITS_H
#define VIGIL_DRIVERS_BITS_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t vg_low8(uint32_t v)
{
    return (uint8_t)(v & 0xffu);
}

static inline uint16_t vg_le16(const uint8_t *b)
{
    return (uint16_t)((uint32_t)b[0] | ((uint32_t)b[1] << 8));
}

static inline uint16_t vg_be16(const uint8_t *b)
{
    return (uint16_t)((uint32_t)b[1] | ((uint32_t)b[0] << 8));
}

/* Two's complement of 16 bits, without implementation-defined conversion. */
static inline int32_t vg_s16(uint16_t v)
{
    return v < 0x8000u ? (int32_t)v : (int32_t)v - 0x10000;
}

/* Sum of bytes modulo 256. */
uint8_t vg_sum8(const uint8_t *b, size_t n);

/* CRC-16/MODBUS: reflected polynomial A001, start FFFF. "123456789" gives 4B37. */
uint16_t vg_crc16_modbus(const uint8_t *b, size_t n);

#endif
