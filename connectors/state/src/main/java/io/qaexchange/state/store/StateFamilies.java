package io.qaexchange.state.store;

import io.qaexchange.storage.FamilyOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;

/** Says how the column family of a state is kept. Immutable. */
public final class StateFamilies {
    /** What stands between the elements of a list, in the store as in savepoints. */
    public static final byte LIST_DELIMITER = ',';

    private static final int LONGEST_NAME = 255;
    private static final int KEPT_OF_LONG_NAME = 180;

    /** Options of the family for a state. Depends on nothing but the meta information, which is in every snapshot. */
    public FamilyOptions optionsOf(RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo) {
        FamilyOptions.Builder options = FamilyOptions.builder(familyName(metaInfo.getName()));
        if (metaInfo.getStateType() == StateDescriptor.Type.LIST || metaInfo.getStateType() == StateDescriptor.Type.UNKNOWN) {
            options.appendDelimiter(LIST_DELIMITER);
        }
        return options.build();
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
