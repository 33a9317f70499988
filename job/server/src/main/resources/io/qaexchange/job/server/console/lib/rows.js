// The rows of a query, read line by line as they come, kept by column order and not as objects: a million of them fit.

import {ask, lines, Problem} from "./api.js";
import {t} from "./i18n.js";

/** More rows than this are not read: a download has all of them. */
export const MOST_ROWS = 1_000_000;

/**
 * Runs a query.
 *
 * @param onRows called with the result so far: columns, rows (arrays of values), headers
 * @returns the result; cut is true if there are more rows
 */
export async function query(sql, {level, request, signal, onRows}) {
  const response = await ask("/v1/query?format=ndjson&level=" + encodeURIComponent(level),
      {method: "POST", body: sql, headers: {"Content-Type": "text/plain", "Qaexchange-Request": request}, signal});
  const result = {columns: [], rows: [], cut: false, headers: response.headers};
  try {
    await read(response, result, onRows);
  } catch (e) {
    if (e instanceof TypeError) {
      throw new Problem(500, "broken-off", t("The answer broke off, so it is not whole. The page Queries has the reason, if the query failed on the server."));
    }
    throw e;
  }
  return result;
}

async function read(response, result, onRows) {
  for await (const batch of lines(response)) {
    for (const line of batch) {
      if (line === "") {
        continue;
      }
      if (result.rows.length === MOST_ROWS) {
        result.cut = true;
        return;
      }
      const row = JSON.parse(line);
      if (result.columns.length === 0) {
        result.columns = Object.keys(row);
      }
      result.rows.push(Object.values(row));
    }
    onRows?.(result);
  }
}
