package io.qaexchange.archive.tier;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.core.fs.Path;

/** A file of the archive that can be read now, and stays readable until it is closed. */
public final class ColdFile implements AutoCloseable {

    private final Path path;
    private final Release release;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Lets a file of the cache go. */
    @FunctionalInterface
    interface Release {
        void run() throws IOException;
    }

    ColdFile(Path path, Release release) {
        this.path = path;
        this.release = release;
    }

    /** A file that nobody has to let go. */
    public static ColdFile at(Path path) {
        return new ColdFile(path, () -> { });
    }

    /** Where to read it. */
    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            release.run();
        }
    }
}
