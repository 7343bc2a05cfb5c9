"""A Modbus server that is not ours: holds the registers of a file, serves them over RTU or TCP until it is ended.

Usage: /usr/bin/python3 pymodbus-server.py rtu PATH|tcp PORT REGISTERS.json
REGISTERS.json: {"input": {"0": 17254, …}, "holding": {…}}, addresses from 0.
"""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer

try:
    from pymodbus.framer import FramerType

    RTU = FramerType.RTU
except ImportError:
    from pymodbus.transaction import ModbusRtuFramer as RTU


def block(registers):
    values = [0] * 0x1000
    for address, value in registers.items():
        values[int(address)] = value
    # It counts from 1.
    return ModbusSequentialDataBlock(1, values)


async def serve(kind, where, path):
    with open(path, encoding="utf-8") as file:
        registers = json.load(file)
    slave = ModbusSlaveContext(ir=block(registers.get("input", {})), hr=block(registers.get("holding", {})))
    context = ModbusServerContext(slaves={1: slave}, single=False)
    print("ready", flush=True)
    if kind == "tcp":
        await StartAsyncTcpServer(context=context, address=("127.0.0.1", int(where)))
    else:
        await StartAsyncSerialServer(context=context, port=where, framer=RTU, baudrate=9600)


asyncio.run(serve(*sys.argv[1:4]))
