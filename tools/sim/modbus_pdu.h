/*
 * modbus_pdu.h -- Modbus application layer of a server: one request in, one reply out, over any
 * register map.
 */
#ifndef VIGIL_TOOLS_SIM_MODBUS_PDU_H
#define VIGIL_TOOLS_SIM_MODBUS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_MB_PDU_BYTES 253

enum vg_mb_exception {
    VG_MB_NONE = 0,
    VG_MB_ILLEGAL_FUNCTION = 1,
    VG_MB_ILLEGAL_ADDRESS = 2,
    VG_MB_ILLEGAL_VALUE = 3,
    VG_MB_DEVICE_FAILURE = 4,
    VG_MB_BUSY = 6
};

enum vg_mb_table {
    VG_MB_COILS,
    VG_MB_DISCRETE_INPUTS,
    VG_MB_HOLDING_REGISTERS,
    VG_MB_INPUT_REGISTERS
};

/* A map answers for one address at a time; a table it does not have is an illegal function. */
struct vg_mb_map {
    enum vg_mb_exception (*read)(void *unit, uint16_t *value, enum vg_mb_table table,
                                 unsigned address, int64_t now_ns);
    enum vg_mb_exception (*write)(void *unit, enum vg_mb_table table, unsigned address,
                                  uint16_t value, int64_t now_ns);
};

/* vg_mb_crc -- CRC-16 of Modbus over serial line, sent low byte first. */
uint16_t vg_mb_crc(const uint8_t *bytes, size_t bytes_len);

/*
 * vg_mb_request_bytes -- length of a request PDU, told from its first bytes.
 *
 * Returns 0 when more bytes are needed to tell, SIZE_MAX for a function that is not known.
 */
size_t vg_mb_request_bytes(const uint8_t *pdu, size_t pdu_len);

/*
 * vg_mb_execute -- carry out one request.
 *
 *   map, unit  in   the register map and its state
 *   reply      out  at least VG_MB_PDU_BYTES
 *   pdu        in   function code and data
 *
 * Returns the length of the reply, an exception included.
 */
size_t vg_mb_execute(const struct vg_mb_map *map, void *unit, uint8_t *reply, const uint8_t *pdu,
                     size_t pdu_len, int64_t now_ns);

/* vg_mb_exception_reply -- two bytes. */
size_t vg_mb_exception_reply(uint8_t *reply, uint8_t function, unsigned code);

/* vg_mb_is_write -- does this function code change the unit? */
bool vg_mb_is_write(uint8_t function);

#endif
