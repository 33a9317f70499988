package io.qaexchange.storage.bench;

import java.nio.ByteBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.GetOp;
import org.lmdbjava.SeekOp;
import org.lmdbjava.Txn;

/**
 * LMDB through lmdbjava, for orientation: a B+ tree in one mapped file, without syncs and compression. A thousand puts share a
 * transaction, since one for each would measure nothing else.
 */
final class LmdbContender implements Contender {
    private static final int PUTS_PER_TRANSACTION = 1000;
    private static final long MAP_BYTES = 64L << 30;

    private final Env<ByteBuffer> env;
    private final Dbi<ByteBuffer> events;
    private final ByteBuffer key = ByteBuffer.allocateDirect(Workload.KEY_BYTES);
    private final ByteBuffer value = ByteBuffer.allocateDirect(Workload.VALUE_BYTES);
    private Txn<ByteBuffer> writing;
    private Txn<ByteBuffer> reading;
    private int puts;

    LmdbContender(Setup setup) {
        env = Env.create().setMapSize(MAP_BYTES).setMaxDbs(1).open(setup.directory().toFile(), EnvFlags.MDB_NOSYNC, EnvFlags.MDB_WRITEMAP);
        events = env.openDbi("events", DbiFlags.MDB_CREATE);
    }

    @Override
    public String name() {
        return "lmdb";
    }

    @Override
    public void put(byte[] keyBytes, byte[] valueBytes) {
        if (writing == null) {
            writing = env.txnWrite();
        }
        key.clear().put(keyBytes).flip();
        value.clear().put(valueBytes).flip();
        events.put(writing, key, value);
        if (++puts % PUTS_PER_TRANSACTION == 0) {
            commit();
        }
    }

    private void commit() {
        if (writing != null) {
            writing.commit();
            writing.close();
            writing = null;
        }
    }

    @Override
    public int get(byte[] keyBytes) {
        key.clear().put(keyBytes).flip();
        ByteBuffer found = events.get(reader(), key);
        return found == null ? -1 : found.remaining();
    }

    private Txn<ByteBuffer> reader() {
        if (reading == null) {
            reading = env.txnRead();
        }
        return reading;
    }

    @Override
    public long scan(byte[] from, int rows) {
        long sum = 0;
        try (Cursor<ByteBuffer> cursor = events.openCursor(reader())) {
            key.clear().put(from).flip();
            boolean there = from.length == 0 ? cursor.seek(SeekOp.MDB_FIRST) : cursor.get(key, GetOp.MDB_SET_RANGE);
            for (int left = rows; there && left > 0; left--) {
                sum += cursor.key().get(0) + cursor.val().get(0);
                there = cursor.seek(SeekOp.MDB_NEXT);
            }
        }
        return sum;
    }

    @Override
    public void flush() {
        commit();
        if (reading != null) {
            reading.close();
            reading = null;
        }
    }

    @Override
    public void close() {
        flush();
        env.close();
    }
}
