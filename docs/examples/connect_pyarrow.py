"""The newest trade of a running job, with pyarrow (pip install pyarrow): python3 connect_pyarrow.py [PORT]

pyarrow speaks Flight; the message that makes a statement of Flight SQL of it is written here by hand. ADBC (adbc-driver-flightsql) does it for you.
"""
import sys

try:
    import pyarrow.flight as flight
except ImportError:
    print("pyarrow is not installed (pip install pyarrow)")
    sys.exit(77)


def field(number, data):
    """A field of protobuf that has bytes."""
    length, size = len(data), b""
    while length >= 0x80:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + data


def statement(sql):
    kind = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    return flight.FlightDescriptor.for_command(field(1, kind) + field(2, field(1, sql.encode())))


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8091
client = flight.connect(f"grpc://127.0.0.1:{port}")
options = flight.FlightCallOptions(headers=[(b"qaexchange-level", b"live")])
info = client.get_flight_info(statement("SELECT instrument, event_time, price FROM trade ORDER BY event_time DESC LIMIT 1"), options)
table = client.do_get(info.endpoints[0].ticket).read_all()
print("level", table.schema.metadata[b"qaexchange.level"].decode())
row = table.slice(0, 1)
print("newest trade", row["instrument"][0], row["event_time"][0].value, "ns since 1970", row["price"][0])
