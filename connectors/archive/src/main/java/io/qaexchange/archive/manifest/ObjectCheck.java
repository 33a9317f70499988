package io.qaexchange.archive.manifest;

import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.objects.ObjectStores;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares objects with what the manifest says of them. Stateless. */
public final class ObjectCheck {

    private static final Logger LOG = LoggerFactory.getLogger(ObjectCheck.class);

    private ObjectCheck() {
    }

    /**
     * In what an object differs, byte by byte; null if it fits.
     *
     * @throws IOException if its store is away
     */
    @Nullable
    public static String difference(RemoteCopy copy) throws IOException {
        ObjectStore store = ObjectStores.of(copy.store());
        long length = store.length(copy.key());
        if (length < 0) {
            return "object " + copy.uri() + " is in the manifest and not there";
        }
        if (length != copy.lengthBytes()) {
            return "object " + copy.uri() + " has " + length + " bytes, the manifest says " + copy.lengthBytes();
        }
        try (InputStream in = store.open(copy.key())) {
            String hash = Sha256.of(in);
            return hash.equals(copy.sha256()) ? null : "object " + copy.uri() + " was changed: the manifest says SHA-256 " + copy.sha256()
                    + ", its bytes have " + hash;
        } catch (FileNotFoundException e) {
            LOG.info("object {} went while it was compared", copy.uri(), e);
            return "object " + copy.uri() + " is in the manifest and not there";
        }
    }
}
