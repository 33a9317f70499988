package io.qaexchange.storage.bench;

import java.nio.file.Path;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.type.ByteArrayDataType;

/** H2's MVStore, for orientation: a log-structured B tree in Java; pages are written in the background, without syncs. */
final class MvStoreContender implements Contender {
    private final MVStore store;
    private final MVMap<byte[], byte[]> events;

    MvStoreContender(Setup setup) {
        Path file = setup.directory().resolve("events.mv");
        MVStore.Builder builder = new MVStore.Builder().fileName(file.toString()).cacheSize(512).autoCommitBufferSize(64 << 10);
        store = (setup.compressed() ? builder.compress() : builder).open();
        events = store.openMap("events", new MVMap.Builder<byte[], byte[]>().keyType(ByteArrayDataType.INSTANCE).valueType(ByteArrayDataType.INSTANCE));
    }

    @Override
    public String name() {
        return "mvstore";
    }

    @Override
    public void put(byte[] key, byte[] value) {
        events.put(key.clone(), value.clone());
    }

    @Override
    public int get(byte[] key) {
        byte[] found = events.get(key);
        return found == null ? -1 : found.length;
    }

    @Override
    public long scan(byte[] from, int rows) {
        long sum = 0;
        Cursor<byte[], byte[]> cursor = events.cursor(from.length == 0 ? null : from);
        for (int left = rows; left > 0 && cursor.hasNext(); left--) {
            byte[] key = cursor.next();
            sum += key[0] + cursor.getValue()[0];
        }
        return sum;
    }

    @Override
    public void flush() {
        store.commit();
    }

    @Override
    public void close() {
        store.close();
    }
}
