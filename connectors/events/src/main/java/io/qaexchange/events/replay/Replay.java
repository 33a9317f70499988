package io.qaexchange.events.replay;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

    /**
     * Opens several files as one, in the order of event time.
     *
     * @throws ReplayException as {@link #open(Path, ReplayOptions)}; also if two files have one name, since lines are told apart by file
     *         name and line number
     */
    public static ReplayReader open(List<Path> files, ReplayOptions options) {
        Map<String, Path> byName = new HashMap<>();
        for (Path file : files) {
            Path other = byName.put(LineFile.nameOf(file), file);
            if (other != null) {
                throw new ReplayException(other + " and " + file + " have the same name, which is part of the identity of their lines: rename one, or "
                        + "leave out the other if they are the same file");
            }
        }
        List<ReplayReader> readers = new ArrayList<>();
        try {
            for (Path file : files) {
                readers.add(open(file, options));
            }
            return MergedReplay.of(readers);
        } catch (ReplayException | IllegalArgumentException e) {
            readers.forEach(ReplayReader::close);
            throw e;
        }
    }
}
