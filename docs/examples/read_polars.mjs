// Rows and sums of the files of a snapshot, with Node's Polars (npm install nodejs-polars):
//   bin/table files --archive run/archive --table trade | node read_polars.mjs
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

let pl;
try {
  // Also finds it where NODE_PATH says.
  pl = createRequire(import.meta.url)('nodejs-polars');
} catch (e) {
  console.log('nodejs-polars is not installed (npm install nodejs-polars): ' + e.message.split('\n')[0]);
  process.exit(77);
}
const files = readFileSync(0, 'utf8').split(/\r?\n/).filter((line) => line !== '');
if (files.length === 0) {
  console.log('rows=0');
  process.exit(0);
}
// Older files may lack newer columns, so name those that you need.
const rows = pl.concat(files.map((file) => pl.readParquet(file, { columns: ['event_time', 'kafka_offset'] })));
const text = (name, number) => number.cast(pl.Utf8).alias(name);
// A number of JavaScript has 53 bits: nanoseconds stay integers in Polars, and leave it as text.
const ns = pl.col('event_time').cast(pl.Int64);
const [sums] = rows
  .select(
    text('first_ns', ns.min()),
    text('last_ns', ns.max()),
    text('ns_of_second', ns.modulo(pl.lit(1_000_000_000).cast(pl.Int64)).sum()),
    text('kafka_offsets', pl.col('kafka_offset').sum()),
  )
  .toRecords();
console.log(['rows=' + rows.height, ...Object.entries(sums).map(([name, value]) => name + '=' + value)].join(' '));
