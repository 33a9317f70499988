package io.qaexchange.archive.objects;

import java.io.IOException;
import java.net.URI;

/** Opens the object stores of a scheme. Found by {@link java.util.ServiceLoader}. */
public interface ObjectStoreProvider {

    /** Scheme of the URIs, such as s3. */
    String scheme();

    /**
     * Opens a store.
     *
     * @throws IllegalArgumentException if the URI does not name one
     */
    ObjectStore open(URI uri) throws IOException;
}
