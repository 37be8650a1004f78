/*
 * bits.c -- the checksums of the serial and Modbus protocols.
 *
 * Both are the plain bitwise form: a frame has at most 256 bytes and there are a few hundred
 * frames a second, so a table would cost more reading than it saves time. Neither function judges
 * a frame; the drivers compare.
 */
#include "drivers/bits.h"

uint8_t vg_sum8(const uint8_t *b, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += b[i];
    }
    return vg_low8(sum);
}

uint16_t vg_crc16_modbus(const uint8_t *b, size_t n)
{
    uint32_t crc = 0xffffu;

    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int bit = 0; bit < 8; bit++) {
            uint32_t carry = crc & 1u;

            crc >>= 1;
            if (carry != 0) {
                crc ^= 0xa001u;
            }
        }
    }
    return (uint16_t)(crc & 0xffffu);
}
