package io.qaexchange.events.replay;

import java.nio.file.Path;

/** Opens recorded files. */
public final class Replay {

    private Replay() {
    }

    /**
     * Opens a file; compression goes by its ending ({@code .gz}, {@code .zst}).
     *
     * @throws ReplayException if the file is missing, or nothing of it can be used: a LOBSTER file's name or a CSV file's header is
     *         not as it must be
     * @throws IllegalArgumentException if the options name a table that does not exist
     */
    public static ReplayReader open(Path file, ReplayOptions options) {
        return switch (options.format()) {
            case CSV -> CsvReader.open(file, options.table());
            case JSONL -> JsonLinesReader.open(file);
            case LOBSTER -> LobsterReader.open(file, options.zone());
        };
    }
}
