"""A Modbus server made by somebody else (pymodbus): the VM-2 registers, and two floats.

    modbus_server.py rtu PATH | tcp PORT  UNIT...

Samples change four times a second. Each answer is told on standard output as a line of JSON, with
the time at which the values were taken. On standard input: `mode normal|sentinel|exception|nan|inf`
and `late PERCENT`. A late answer comes 0.4 to 1.2 s late, and everything behind it waits, as in a
module with one processor.
"""
import json
import random
import struct
import sys
import threading
import time

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

NO_VALUE = 0xFFFF
FLOATS_AT = 100  # SpO2 as ABCD, pulse rate as CDAB
# Two polls of two units: whoever was interrupted gets a chance before the next trouble.
PUNCTUAL_AFTER_LATE = 12


class State:
    mode = "normal"
    late_percent = 0
    punctual = PUNCTUAL_AFTER_LATE


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def sample(unit, at):
    """SpO2 and pulse rate: ranges that belong to one unit, pairs that do not repeat for 10 s."""
    k = int(at * 4)
    return 70 + unit % 3 * 10 + k % 10, 60 + unit % 3 * 50 + k % 40, k


def oximeter(unit, at):
    spo2, pulse, k = sample(unit, at)
    if State.mode == "sentinel":
        return [NO_VALUE, NO_VALUE, NO_VALUE, 0x0008, k >> 16 & 0xFFFF, k & 0xFFFF, 0]
    return [spo2, pulse, 100 + k % 50, 0x0003, k >> 16 & 0xFFFF, k & 0xFFFF, 0]


def words(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def floats(unit, at):
    spo2, pulse, _ = sample(unit, at)
    if State.mode in ("nan", "inf"):
        return words(float(State.mode)) * 2
    return words(spo2) + words(pulse)[::-1]


class Registers:
    """One block of input registers as pymodbus wants it."""

    def __init__(self, unit):
        self.unit = unit

    def validate(self, address, count=1):
        at = now()
        return all(a in self.all(at) for a in range(address, address + count))

    def all(self, at):
        values = {i: v for i, v in enumerate(oximeter(self.unit, at))}
        cuff = [0, NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE, 0xFFFE, NO_VALUE, 0, 0]
        values.update({16 + i: v for i, v in enumerate(cuff)})
        values.update({FLOATS_AT + i: v for i, v in enumerate(floats(self.unit, at))})
        return values

    def getValues(self, address, count=1):
        at = now()
        if State.mode == "exception":
            raise RuntimeError("as ordered")  # becomes exception 4
        values = [self.all(at)[a] for a in range(address, address + count)]
        delay = 0.0
        State.punctual += 1
        if State.punctual >= PUNCTUAL_AFTER_LATE and random.randrange(100) < State.late_percent:
            State.punctual = 0
            delay = random.uniform(0.4, 1.2)
        say(at=at, unit=self.unit, address=address, values=values, late=round(delay, 3))
        time.sleep(delay)
        return values

    def setValues(self, address, values):
        say(at=now(), unit=self.unit, address=address, written=values)


class Coils(Registers):
    def validate(self, address, count=1):
        return address + count <= 4

    def getValues(self, address, count=1):
        return [0] * count


def say(**members):
    print(json.dumps(members), flush=True)


def obey():
    for line in sys.stdin:
        word, value = line.split()
        if word == "mode":
            State.mode = value
        else:
            State.late_percent = int(value)


def main():
    kind, where, *units = sys.argv[1:]
    slaves = {}
    for unit in (int(u) for u in units):
        slaves[unit] = ModbusSlaveContext(di=Coils(unit), co=Coils(unit), hr=Registers(unit),
                                          ir=Registers(unit), zero_mode=True)
    context = ModbusServerContext(slaves=slaves, single=False)
    threading.Thread(target=obey, daemon=True).start()
    print("ready", flush=True)
    if kind == "rtu":
        StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=9600,
                          ignore_missing_slaves=True)
    else:
        StartTcpServer(context=context, framer=ModbusSocketFramer,
                       address=("127.0.0.1", int(where)), ignore_missing_slaves=True)


if __name__ == "__main__":
    main()
