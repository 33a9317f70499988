package io.qaexchange.archive.manifest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * The bytes of a manifest version: two JSON documents.
 *
 * <pre>
 *   {                                              the manifest, see {@link ArchiveManifest}
 *     "formatVersion" : 2, …
 *   }
 *   {"former":"&lt;64 digits&gt;","sha256":"&lt;64 digits&gt;"}    the seal: one line, the end of the file
 * </pre>
 *
 * <p>{@code former} is the SHA-256 of all bytes of the version before, zeros if there is none. {@code sha256} is that of all bytes in front of its
 * digits. The manifest names the SHA-256 of each data file. So whoever knows the hash of the newest version can tell whether any byte of
 * the archive has changed since. Files of format version 1 have no seal.
 *
 * <p>Stateless.
 */
final class ManifestFormat {

    /** In place of the hash of a version that does not exist. */
    static final String NO_FORMER = "0".repeat(64);

    private static final String HASH_KEY = "\",\"sha256\":\"";
    private static final Pattern SEAL = Pattern.compile("\n\\{\"former\":\"([0-9a-f]{64})" + HASH_KEY + "([0-9a-f]{64})\"}\n");
    private static final int SEAL_BYTES = ("\n{\"former\":\"" + NO_FORMER + HASH_KEY + NO_FORMER + "\"}\n").length();
    private static final int TAIL_BYTES = NO_FORMER.length() + "\"}\n".length();
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /**
     * A version that was read.
     *
     * @param manifest its content
     * @param former hash of the version before; null if the file has no seal
     */
    record Sealed(ArchiveManifest manifest, @Nullable String former) {
    }

    private ManifestFormat() {
    }

    /** The bytes of a version. */
    static byte[] encode(ArchiveManifest manifest, String former) throws IOException {
        byte[] json = JSON.writeValueAsBytes(manifest);
        byte[] head = ("\n{\"former\":\"" + former + HASH_KEY).getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = Arrays.copyOf(json, json.length + SEAL_BYTES);
        System.arraycopy(head, 0, bytes, json.length, head.length);
        int hashed = bytes.length - TAIL_BYTES;
        byte[] tail = (Sha256.of(bytes, hashed) + "\"}\n").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(tail, 0, bytes, hashed, tail.length);
        return bytes;
    }

    /**
     * Reads a version.
     *
     * @param name of the file, for messages
     * @throws IOException if a byte of it was changed, or it is of a newer format
     */
    static Sealed decode(byte[] bytes, long version, String name) throws IOException {
        String former = null;
        int jsonBytes = bytes.length;
        if (bytes.length > SEAL_BYTES) {
            Matcher seal = SEAL.matcher(new String(bytes, bytes.length - SEAL_BYTES, SEAL_BYTES, StandardCharsets.ISO_8859_1));
            if (seal.matches()) {
                String hash = Sha256.of(bytes, bytes.length - TAIL_BYTES);
                if (!hash.equals(seal.group(2))) {
                    throw new IOException("manifest " + name + " was changed: its seal says SHA-256 " + seal.group(2) + ", its bytes have " + hash);
                }
                former = seal.group(1);
                jsonBytes -= SEAL_BYTES;
            }
        }
        ArchiveManifest manifest;
        try {
            manifest = JSON.readValue(bytes, 0, jsonBytes, ArchiveManifest.class);
        } catch (JsonProcessingException e) {
            throw new IOException("manifest " + name + " is damaged or of another version: " + e.getOriginalMessage(), e);
        }
        if (manifest.formatVersion() < ArchiveManifest.FIRST_FORMAT_VERSION || manifest.formatVersion() > ArchiveManifest.ERASED_FORMAT_VERSION) {
            throw new IOException("manifest " + name + " has format version " + manifest.formatVersion() + ", this build reads "
                    + ArchiveManifest.FIRST_FORMAT_VERSION + " to " + ArchiveManifest.ERASED_FORMAT_VERSION);
        }
        if (manifest.version() != version) {
            throw new IOException("manifest " + name + " says that it is version " + manifest.version());
        }
        if ((manifest.formatVersion() == ArchiveManifest.FIRST_FORMAT_VERSION) != (former == null)) {
            throw new IOException("manifest " + name + " was changed: format version " + manifest.formatVersion()
                    + (former == null ? " ends with a seal, which it does not have" : " has no seal, and it has one"));
        }
        return new Sealed(manifest, former);
    }
}
