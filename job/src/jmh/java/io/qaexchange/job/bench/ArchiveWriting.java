package io.qaexchange.job.bench;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.kafka.KafkaMessage;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.ParquetOptions;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How fast one core makes Parquet files of stored rows, all tables in the proportion of the day. */
final class ArchiveWriting {

    private static final int ROUNDS = 6;
    private static final int DAY = 20260106;

    private static double lastRatio;

    private ArchiveWriting() {
    }

    /** Raw megabytes per second of processor time, the best of some rounds. */
    static double mbPerCpuSecond(Path folder) throws Exception {
        Map<RecordType, List<byte[]>> tables = storedRows();
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long bytes = 0;
            long fileBytes = 0;
            long startedNs = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            for (Map.Entry<RecordType, List<byte[]>> table : tables.entrySet()) {
                Path file = folder.resolve(table.getKey().table() + ".parquet");
                StoredEvent row = new StoredEvent();
                try (EventParquetWriter writer = EventParquetWriter.create(file, table.getKey(), ParquetOptions.DEFAULT)) {
                    for (byte[] value : table.getValue()) {
                        writer.write(row.wrap(value), value.length, DAY);
                        bytes += value.length;
                    }
                    fileBytes += writer.finish(Map.of());
                }
                Files.delete(file);
            }
            lastRatio = (double) fileBytes / bytes;
            best = Math.max(best, bytes * 1e3 / (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - startedNs));
        }
        return best;
    }

    /** Bytes of the files by raw bytes, in the last round. */
    static double lastRatio() {
        return lastRatio;
    }

    private static Map<RecordType, List<byte[]>> storedRows() {
        Map<RecordType, Map<String, List<byte[]>>> byRoute = new HashMap<>();
        EventDecoder decoder = new EventDecoder();
        for (KafkaMessage[] partition : BenchMessages.partitions()) {
            for (KafkaMessage message : partition) {
                Decoded decoded = decoder.decode(message.value());
                if (decoded.isAccepted()) {
                    Arrival arrival = new Arrival(1, message.topic(), message.partition(), message.offset());
                    byRoute.computeIfAbsent(decoder.event().recordType(), type -> new HashMap<>())
                            .computeIfAbsent(decoder.event().routeKey(), key -> new ArrayList<>()).add(StoredEvent.encode(decoded.event(), arrival));
                }
            }
        }
        Map<RecordType, List<byte[]>> tables = new HashMap<>();
        byRoute.forEach((type, routes) -> {
            List<byte[]> rows = new ArrayList<>();
            routes.keySet().stream().sorted().forEach(route -> {
                List<byte[]> ofRoute = routes.get(route);
                ofRoute.sort((a, b) -> Arrays.compareUnsigned(key(a), key(b)));
                rows.addAll(ofRoute);
            });
            tables.put(type, rows);
        });
        return tables;
    }

    private static byte[] key(byte[] stored) {
        StoredEvent row = new StoredEvent().wrap(stored);
        return EventIdentity.key(row.event(), row.arrival());
    }
}
