#!/bin/sh
# Counts the trades of a running job over ODBC, as Excel and other tools do: sh connect_odbc.sh [PORT]
# Debian: apt-get install unixodbc odbc-postgresql
command -v isql > /dev/null || { echo "isql is not installed (Debian: unixodbc)"; exit 77; }
grep -q 'PostgreSQL Unicode' /etc/odbcinst.ini 2> /dev/null || { echo "the driver is not installed (Debian: odbc-postgresql)"; exit 77; }
echo "SELECT count(*) AS trades FROM trade" | isql -k -b -v \
  "Driver={PostgreSQL Unicode};Servername=127.0.0.1;Port=${1:-5433};Database=qaexchange;Username=alice;ReadOnly=1"
