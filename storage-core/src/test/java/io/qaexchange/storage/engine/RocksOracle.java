package io.qaexchange.storage.engine;

import io.qaexchange.storage.key.KeyRange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.StringAppendOperator;

/** RocksDB, given the same operations as a store: what it holds was not thought up by the engine's authors. One thread. */
final class RocksOracle implements AutoCloseable {
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final RocksDB database;
    private final Map<String, ColumnFamilyHandle> families = new HashMap<>();

    RocksOracle(Path directory, char delimiter, List<String> families) throws RocksDBException {
        RocksDB.loadLibrary();
        DBOptions options = keep(new DBOptions().setCreateIfMissing(true).setCreateMissingColumnFamilies(true));
        ColumnFamilyOptions each = keep(new ColumnFamilyOptions().setMergeOperator(keep(new StringAppendOperator(delimiter))).setWriteBufferSize(64 << 10));
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>(List.of(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, each)));
        families.forEach(name -> descriptors.add(new ColumnFamilyDescriptor(name.getBytes(), each)));
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        database = keep(RocksDB.open(options, directory.toString(), descriptors, handles));
        handles.forEach(this::keep);
        for (int i = 0; i < families.size(); i++) {
            this.families.put(families.get(i), handles.get(i + 1));
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.add(0, resource);
        return resource;
    }

    void put(String family, byte[] key, byte[] value) {
        run(() -> database.put(families.get(family), key, value));
    }

    void delete(String family, byte[] key) {
        run(() -> database.delete(families.get(family), key));
    }

    void append(String family, byte[] key, byte[] value) {
        run(() -> database.merge(families.get(family), key, value));
    }

    void deleteRange(String family, KeyRange range) {
        if (!range.isEmpty()) {
            run(() -> database.deleteRange(families.get(family), range.lower(), range.upper()));
        }
    }

    NavigableMap<byte[], byte[]> contents(String family) {
        NavigableMap<byte[], byte[]> contents = new TreeMap<>(Arrays::compareUnsigned);
        try (RocksIterator iterator = database.newIterator(families.get(family))) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                contents.put(iterator.key(), iterator.value());
            }
            run(iterator::status);
        }
        return contents;
    }

    private interface Call {
        void run() throws RocksDBException;
    }

    private static void run(Call call) {
        try {
            call.run();
        } catch (RocksDBException e) {
            throw new AssertionError("the oracle failed", e);
        }
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable resource : resources) {
            resource.close();
        }
    }
}
