package io.qaexchange.archive.erasure;

import io.qaexchange.archive.manifest.LegalHold;
import java.util.List;
import java.util.Map;

/**
 * Rows of a file that an erasure covers.
 *
 * @param erased rows that go
 * @param held rows that stay, by the name of the legal hold
 * @param holds the holds that were respected
 */
record RowCounts(long erased, Map<String, Long> held, List<LegalHold> holds) {
}
