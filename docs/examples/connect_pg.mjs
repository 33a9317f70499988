// The newest trade of a running job, with node's pg (npm install pg): node connect_pg.mjs [PORT]
import { createRequire } from 'node:module';

let pg;
try {
  // Also finds it where NODE_PATH says.
  pg = createRequire(import.meta.url)('pg');
} catch (e) {
  console.log('pg is not installed (npm install pg)');
  process.exit(77);
}
const client = new pg.Client({ host: '127.0.0.1', port: Number(process.argv[2] ?? 5433), database: 'qaexchange', user: 'alice' });
await client.connect();
const { rows } = await client.query('SELECT instrument, event_time, event_time_ns, price FROM trade WHERE price > $1 ORDER BY event_time_ns DESC LIMIT 1', [0]);
const [row] = rows;
// A Date has milliseconds; nanoseconds are a bigint, which comes as text.
console.log('newest trade', row.instrument, row.event_time.toISOString(), row.event_time_ns, row.price);
await client.end();
