package io.qaexchange.storage.manifest;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of the files in a store's folder. Numbers come from one sequence and are never used twice. */
public final class FileNames {
    public static final String LOCK = "LOCK";
    /** In a folder while a checkpoint is being restored into it; what it holds until then is no store. */
    public static final String RESTORING = "RESTORING";
    private static final int LEAST_DIGITS = 6;
    private static final Pattern NUMBERED = Pattern.compile("(\\d{6,18})\\.(sst|wal)|MANIFEST-(\\d{6,18})");

    private FileNames() {}

    /** At least six digits. A store of many files is opened in as many names, and {@code String.format} would take a third of that time. */
    static String digits(long number) {
        String digits = Long.toString(number);
        return digits.length() < LEAST_DIGITS ? "0".repeat(LEAST_DIGITS - digits.length()) + digits : digits;
    }

    public static Path sstable(Path directory, long number) {
        return directory.resolve(digits(number) + ".sst");
    }

    public static Path wal(Path directory, long number) {
        return directory.resolve(digits(number) + ".wal");
    }

    public static Path manifest(Path directory, long number) {
        return directory.resolve(CurrentFile.manifestName(number));
    }

    public static boolean isSstable(String name) {
        return name.endsWith(".sst") && number(name).isPresent();
    }

    public static boolean isWal(String name) {
        return name.endsWith(".wal") && number(name).isPresent();
    }

    public static boolean isManifest(String name) {
        return name.startsWith("MANIFEST-") && number(name).isPresent();
    }

    /** Whether a store may have put a file of this name into its folder. */
    public static boolean isOurs(String name) {
        return number(name).isPresent() || name.equals(LOCK) || name.startsWith(CurrentFile.NAME);
    }

    public static OptionalLong number(String name) {
        Matcher matcher = NUMBERED.matcher(name);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Long.parseLong(matcher.group(1) != null ? matcher.group(1) : matcher.group(3)));
    }
}
