-- The vocabulary of the field as macros of DuckDB. The order of rows is event time, then source, then sequence. docs/analytics.md defines each.

CREATE MACRO spread(bids, asks) AS asks[1].price - bids[1].price;

CREATE MACRO imbalance(bids, asks, levels := 1) AS
  (coalesce(list_sum(list_transform(bids[1:levels], lambda level: level.volume)), 0) - coalesce(list_sum(list_transform(asks[1:levels], lambda level: level.volume)), 0))
  / nullif(coalesce(list_sum(list_transform(bids[1:levels], lambda level: level.volume)), 0) + coalesce(list_sum(list_transform(asks[1:levels], lambda level: level.volume)), 0), 0);

CREATE MACRO latest(rows_of) AS TABLE
  SELECT * FROM query_table(rows_of) QUALIFY row_number() OVER (PARTITION BY instrument ORDER BY event_time DESC, source DESC, sequence DESC) = 1;

CREATE MACRO vwap(rows_of, width) AS TABLE
  SELECT instrument, time_bucket(width, event_time_us) AS bar, fsum(price * volume) / nullif(fsum(volume), 0) AS vwap, fsum(volume) AS volume, count(*) AS rows
  FROM query_table(rows_of) GROUP BY instrument, bar ORDER BY instrument, bar;

CREATE MACRO twap(rows_of, width) AS TABLE
  WITH prices AS (
    SELECT instrument, COLUMNS('^(price|last_price)$') AS price, event_time_us, event_time, source, sequence, time_bucket(width, event_time_us) AS bar
    FROM query_table(rows_of)),
  spans AS (
    SELECT instrument, bar, price, epoch_ns(event_time) AS from_ns, least(epoch_us(bar + width) * 1000,
      lead(epoch_ns(event_time)) OVER (PARTITION BY instrument ORDER BY event_time, source, sequence)) AS to_ns
    FROM prices WHERE price IS NOT NULL)
  SELECT instrument, bar, fsum(price * (to_ns - from_ns)) / sum(to_ns - from_ns) AS twap, count(*) AS rows FROM spans GROUP BY instrument, bar ORDER BY instrument, bar;

CREATE MACRO asof_join(left_rows, right_rows, tolerance := INTERVAL 100 years) AS TABLE
  WITH l AS (SELECT * FROM query_table(left_rows)),
  r AS (SELECT * FROM query_table(right_rows)),
  same_time AS (
    SELECT l.instrument, l.event_time, l.source, l.sequence, arg_max(r, (r.source, r.sequence)) AS matched
    FROM l JOIN r ON l.instrument = r.instrument AND l.event_time = r.event_time AND (l.source <> r.source OR r.sequence < l.sequence) GROUP BY ALL),
  last_of_time AS (
    SELECT instrument, event_time, r AS matched FROM r QUALIFY row_number() OVER (PARTITION BY instrument, event_time ORDER BY source DESC, sequence DESC) = 1),
  before AS (
    SELECT l.*, b.matched FROM l ASOF LEFT JOIN last_of_time b ON l.instrument = b.instrument AND l.event_time > b.event_time),
  found AS (
    SELECT before.* EXCLUDE (matched), coalesce(same_time.matched, before.matched) AS matched
    FROM before LEFT JOIN same_time ON before.instrument = same_time.instrument AND before.event_time = same_time.event_time
      AND before.source = same_time.source AND before.sequence = same_time.sequence)
  SELECT * REPLACE (CASE WHEN epoch_ns(event_time) - epoch_ns(matched.event_time) <= epoch_ns(tolerance) THEN matched END AS matched) FROM found;

CREATE MACRO window_join(left_rows, right_rows, before, after := INTERVAL 0 seconds) AS TABLE
  WITH l AS (SELECT * FROM query_table(left_rows)),
  r AS (SELECT * FROM query_table(right_rows)),
  around AS (
    SELECT l.instrument, l.event_time, l.source, l.sequence, list(r ORDER BY r.event_time, r.source, r.sequence) AS matches
    FROM l JOIN r ON l.instrument = r.instrument AND epoch_ns(r.event_time) BETWEEN epoch_ns(l.event_time) - epoch_ns(before) AND epoch_ns(l.event_time) + epoch_ns(after)
    GROUP BY ALL)
  SELECT l.*, coalesce(around.matches, []) AS matches FROM l LEFT JOIN around ON l.instrument = around.instrument AND l.event_time = around.event_time
    AND l.source = around.source AND l.sequence = around.sequence;

CREATE MACRO book_at(of_instrument, at_time) AS TABLE
  WITH snapshot AS (
    SELECT event_time, source, sequence, bids, asks FROM book_snapshot WHERE instrument = of_instrument AND event_time <= at_time
    ORDER BY event_time DESC, source DESC, sequence DESC LIMIT 1),
  levels AS (
    SELECT 'BID' AS side, unnest(bids, recursive := true), event_time, source, sequence, false AS changed FROM snapshot
    UNION ALL BY NAME SELECT 'ASK' AS side, unnest(asks, recursive := true), event_time, source, sequence, false AS changed FROM snapshot
    UNION ALL BY NAME SELECT side, price, volume, event_time, source, sequence, true AS changed FROM book_delta
      WHERE instrument = of_instrument AND event_time <= at_time AND ((event_time, source, sequence) > (SELECT (event_time, source, sequence) FROM snapshot)
        OR NOT EXISTS (SELECT 1 FROM snapshot))),
  book AS (SELECT side, price, arg_max(volume, (event_time, source, sequence, changed)) AS volume FROM levels GROUP BY side, price)
  SELECT side, row_number() OVER (PARTITION BY side ORDER BY CASE side WHEN 'BID' THEN -price ELSE price END) AS level, price, volume
  FROM book WHERE volume > 0 ORDER BY side DESC, level;
