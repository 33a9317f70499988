package io.qaexchange.archive.objects;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * A place for files that are written once, under a URI. No object is ever overwritten.
 *
 * <p>Failures name the object. A store that is away is an {@link IOException}, never an object that does not exist.
 *
 * <p>Thread-safe.
 */
public interface ObjectStore extends AutoCloseable {

    /** Its URI, without credentials; never with a slash at the end. */
    String uri();

    /**
     * Puts an object, atomically.
     *
     * @return false if there is one of that name, which stays as it is
     */
    boolean putIfAbsent(String key, Path file) throws IOException;

    /** The length of an object; -1 if there is none of that name. */
    long length(String key) throws IOException;

    /**
     * Opens an object.
     *
     * @throws java.io.FileNotFoundException if there is none of that name
     */
    InputStream open(String key) throws IOException;

    /** Deletes an object, unless there is none. */
    void delete(String key) throws IOException;

    @Override
    void close();
}
