package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.zip.DeflaterOutputStream;

/**
 * What the footer of a file says about its origin, as text: base64 of deflated bytes. Inflated: the number of instruments (int), then
 * for each its route key (UTF), event times from and to (long, ns) and late generations from and to (int), big-endian.
 */
final class BatchRanges {

    /** What a file took of an instrument. */
    record Entry(String routeKey, InstrumentState.Range range) {
    }

    private BatchRanges() {
    }

    static String encode(List<Entry> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(bytes))) {
            out.writeInt(entries.size());
            for (Entry entry : entries) {
                out.writeUTF(entry.routeKey());
                out.writeLong(entry.range().fromNs());
                out.writeLong(entry.range().toNs());
                out.writeInt(entry.range().lateFrom());
                out.writeInt(entry.range().lateTo());
            }
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
