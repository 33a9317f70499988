"""The newest trade of a running job, with psycopg2: python3 connect_psycopg2.py [PORT]"""
import sys

try:
    import psycopg2
except ImportError:
    print("psycopg2 is not installed (Debian: python3-psycopg2)")
    sys.exit(77)

port = int(sys.argv[1]) if len(sys.argv) > 1 else 5433
connection = psycopg2.connect(host="127.0.0.1", port=port, dbname="qaexchange", user="alice")
connection.set_session(readonly=True)
with connection.cursor() as cursor:
    cursor.execute("SET qaexchange.level = 'live'")
    cursor.execute("SELECT instrument, event_time, event_time_ns, price FROM trade WHERE price > %s ORDER BY event_time_ns DESC LIMIT 1", (0,))
    instrument, event_time, event_time_ns, price = cursor.fetchone()
    assert event_time.utcoffset().total_seconds() == 0
    print("newest trade", instrument, event_time.isoformat(), event_time_ns, price)

# A cursor with a name streams: the client holds a part of the rows at a time.
with connection.cursor("trades") as cursor:
    cursor.itersize = 500
    cursor.execute("SELECT instrument FROM trade")
    print("newest trade is one of", sum(1 for _ in cursor))
connection.close()
