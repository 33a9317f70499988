package io.qaexchange.archive.objects;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import javax.annotation.Nullable;

/**
 * The object stores that a process has open, each once, until it ends: clients of object stores are made to be kept.
 *
 * <p>Thread-safe.
 */
public final class ObjectStores {

    private static final String FILE = "file:";
    private static final Map<String, ObjectStore> OPEN = new HashMap<>();

    private ObjectStores() {
    }

    /**
     * The store of a URI.
     *
     * @param name as {@link #normalized} gives it, and as the manifest has it
     * @throws IllegalArgumentException if there is no object store and no file system for it
     */
    public static ObjectStore of(String name) throws IOException {
        synchronized (OPEN) {
            ObjectStore open = OPEN.get(name);
            if (open == null) {
                open = open(name);
                OPEN.put(name, open);
            }
            return open;
        }
    }

    /**
     * A URI in the spelling of the manifest: with a scheme, without a slash at the end; the path of a folder as it is, without escapes.
     *
     * @throws IllegalArgumentException if it is not the URI of an object store or folder
     */
    public static String normalized(String uri) {
        String text = uri.startsWith(FILE) ? FILE + "//" + pathOf(uri) : checked(uri).toString();
        String name = text.replaceAll("/+$", "");
        if (name.endsWith(":")) {
            throw new IllegalArgumentException(uri + " names no bucket and no folder");
        }
        return name;
    }

    private static String pathOf(String uri) {
        try {
            URI parsed = new URI(uri);
            if (parsed.getPath() != null && parsed.getPath().startsWith("/") && parsed.getAuthority() == null) {
                return parsed.getPath();
            }
        } catch (URISyntaxException e) {
            String path = uri.replaceFirst("^file:(//)?", "");
            if (path.startsWith("/")) {
                return path;
            }
        }
        throw new IllegalArgumentException(uri + " is not the URI of a folder: give an absolute path, such as file:///mnt/cold/archive");
    }

    private static URI checked(String uri) {
        URI parsed = parse(uri);
        if (parsed.getScheme() == null || parsed.getUserInfo() != null || parsed.getQuery() != null || parsed.getFragment() != null) {
            throw new IllegalArgumentException(uri + " is not the URI of an object store: give a scheme and a path and nothing else, such as"
                    + " s3://bucket/prefix or file:///mnt/cold/archive");
        }
        return parsed;
    }

    private static URI parse(String uri) {
        try {
            return new URI(uri);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(uri + " is not a URI: " + e.getReason(), e);
        }
    }

    /**
     * The store that has a file of a file system as an object, by a client whose puts are conditional.
     *
     * @param scheme of the file system; {@code s3a} is another name of {@code s3}
     * @param bucket its authority
     * @return null if there is no such client on the class path: the file system itself is to be used
     */
    @Nullable
    public static ObjectStore conditional(@Nullable String scheme, @Nullable String bucket) throws IOException {
        String name = "s3a".equals(scheme) ? "s3" : scheme;
        if (name == null || bucket == null || provider(name) == null) {
            return null;
        }
        return of(name + "://" + bucket);
    }

    @Nullable
    private static ObjectStoreProvider provider(String scheme) {
        for (ObjectStoreProvider provider : ServiceLoader.load(ObjectStoreProvider.class, ObjectStores.class.getClassLoader())) {
            if (provider.scheme().equals(scheme)) {
                return provider;
            }
        }
        return null;
    }

    private static ObjectStore open(String uri) throws IOException {
        if (uri.startsWith(FILE)) {
            return FolderStore.at(uri);
        }
        URI parsed = parse(uri);
        ObjectStoreProvider provider = provider(parsed.getScheme());
        return provider == null ? FolderStore.at(uri) : provider.open(parsed);
    }
}
