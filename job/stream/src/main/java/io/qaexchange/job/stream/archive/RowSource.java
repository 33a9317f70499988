package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.util.Map;
import org.apache.flink.util.CloseableIterator;

/** Where the rows of one instrument are read from. Bounds are inclusive below and exclusive above; rows come in the order of their keys. */
interface RowSource {

    /** Stored values of events. */
    CloseableIterator<byte[]> values(StoredKey from, StoredKey to) throws Exception;

    CloseableIterator<? extends Map.Entry<StoredKey, byte[]>> events(StoredKey from, StoredKey to) throws Exception;

    /** Rows that arrived below the archive watermark. */
    CloseableIterator<? extends Map.Entry<LateKey, byte[]>> late(LateKey from, LateKey to) throws Exception;
}
