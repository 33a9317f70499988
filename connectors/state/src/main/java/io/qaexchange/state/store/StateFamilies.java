package io.qaexchange.state.store;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;

/** Says how the column family of a state is kept. Immutable. */
public final class StateFamilies {
    /** The separator between the elements of a list, in the store as in savepoints. */
    public static final byte LIST_DELIMITER = ',';

    /** Begins names of families that hold timers: a state may have the name of a queue. */
    private static final String TIMERS = "timers:";
    private static final int LONGEST_NAME = 255;
    private static final int KEPT_OF_LONG_NAME = 180;

    private final BlockCompression[] compression;

    /** @param compression of files, by level, the last for all deeper ones */
    public StateFamilies(BlockCompression... compression) {
        this.compression = compression.clone();
    }

    /** Options of the family for a state. Of what must not change, all is in the meta information, which is in every snapshot. */
    public FamilyOptions optionsOf(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo) {
        FamilyOptions.Builder options = FamilyOptions.builder(familyName(metaInfo.getName()));
        if (metaInfo.getStateType() == StateDescriptor.Type.LIST || metaInfo.getStateType() == StateDescriptor.Type.UNKNOWN) {
            options.appendDelimiter(LIST_DELIMITER);
        }
        OrderedKeySerializer.Snapshot<?> ordered = orderedKeys(metaInfo);
        if (ordered == null) {
            // Entries of a map lie side by side, which the memtable's tree makes use of and a hash would not.
            options.compression(compression).memtableHashIndex(metaInfo.getStateType() != StateDescriptor.Type.MAP);
        } else {
            // Scanned in place: compressed as the engine does by itself.
            options.compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(ordered.eventTimeFromEnd()).windowNanos(ordered.windowNanos());
        }
        return options.build();
    }

    /**
     * The same for a state that has been registered, whose time to live is known: expired values leave the files when these are merged. For
     * lists see {@link ListExpiry}: their elements have an age each.
     */
    public FamilyOptions optionsOf(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo, StateTtlConfig timeToLive) {
        FamilyOptions options = optionsOf(metaInfo);
        boolean expires = expiresInFiles(timeToLive) && !options.allowsAppend();
        // Flink's wrapper puts the time of the last write first; of a map's value, a flag for null stands before it.
        return expires ? options.withTimeToLive(timeToLive.getTimeToLive().toMillis(),
                metaInfo.getStateType() == StateDescriptor.Type.MAP ? 1 : 0) : options;
    }

    /** Whether what has expired is to leave the files. */
    static boolean expiresInFiles(StateTtlConfig timeToLive) {
        return timeToLive.isEnabled()
                && (timeToLive.getCleanupStrategies().isCleanupInBackground() || timeToLive.getCleanupStrategies().inRocksdbCompactFilter());
    }

    /** Options of the family for timers in the engine. */
    public FamilyOptions timersOf(String queueName) {
        return FamilyOptions.builder(familyName(TIMERS + queueName)).compression(compression).build();
    }

    /** Null unless the state is an ordered one. A restored state is known by its snapshot: its classes may not be there yet. */
    @Nullable
    private static OrderedKeySerializer.Snapshot<?> orderedKeys(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo) {
        if (metaInfo.getStateType() != StateDescriptor.Type.MAP) {
            return null;
        }
        TypeSerializerSnapshot<?> snapshot = metaInfo.getPreviousStateSerializerSnapshot();
        if (snapshot == null) {
            snapshot = metaInfo.getStateSerializer().snapshotConfiguration();
        }
        return snapshot instanceof MapSerializerSnapshot<?, ?> map
                && map.getKeySerializerSnapshot() instanceof OrderedKeySerializer.Snapshot<?> ordered ? ordered : null;
    }

    /** The state's name; if the engine cannot take it, a part of it and its digest. */
    private static String familyName(String stateName) {
        if (!stateName.isEmpty() && stateName.length() <= LONGEST_NAME) {
            return stateName;
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(stateName.getBytes(StandardCharsets.UTF_8));
            return stateName.substring(0, Math.min(KEPT_OF_LONG_NAME, stateName.length())) + '#' + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
