package io.qaexchange.job.server.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The files of the console: whole, small, without HTML from answers, in two languages, with the licences of what others wrote. */
class ConsoleFilesTest {

    private static final Path FILES = Path.of("src/main/resources/io/qaexchange/job/server/console");
    private static final int MOST_BYTES = 1 << 20;
    private static final Pattern IMPORT = Pattern.compile("^import [^;]*?from \"(\\.[^\"]+)\";", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern TEXT = Pattern.compile("(?<![\\w.])t\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"\\s*[,)]");
    private static final Pattern KEY = Pattern.compile("^  \"((?:[^\"\\\\]|\\\\.)*)\": \"(.*)\",$", Pattern.MULTILINE);

    private static List<Path> own(String ending) throws IOException {
        try (Stream<Path> all = Files.walk(FILES)) {
            return all.filter(file -> file.toString().endsWith(ending) && !file.toString().contains("vendor")).sorted().toList();
        }
    }

    @Test
    void everyImportIsThere() throws IOException {
        for (Path file : own(".js")) {
            for (Matcher found = IMPORT.matcher(Files.readString(file)); found.find();) {
                assertThat(file.getParent().resolve(found.group(1)).normalize()).as("import of %s", file).exists();
            }
        }
    }

    @Test
    void nothingIsTakenAsHtmlAndNothingIsInline() throws IOException {
        for (Path file : own(".js")) {
            assertThat(Files.readString(file)).as(file.toString()).doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                    "http://www.google", "cdn.", "DOMParser");
        }
        String start = Files.readString(FILES.resolve("index.html"));
        assertThat(start).doesNotContain("<style", " style=", " onclick", "http:", "https:").containsPattern("<script type=\"module\" src=\"main.js\"></script>");
    }

    @Test
    void everyTextHasItsChineseOneWithTheSameNames() throws IOException {
        Set<String> chinese = new TreeSet<>();
        for (Matcher key = KEY.matcher(Files.readString(FILES.resolve("lib/zh.js"))); key.find();) {
            assertThat(chinese.add(key.group(1))).as("twice: %s", key.group(1)).isTrue();
            assertThat(names(key.group(2))).as("names in the Chinese text of \"%s\"", key.group(1)).isEqualTo(names(key.group(1)));
        }
        Set<String> missing = new TreeSet<>();
        for (Path file : own(".js")) {
            for (Matcher text = TEXT.matcher(Files.readString(file)); text.find();) {
                if (!chinese.contains(text.group(1))) {
                    missing.add(text.group(1));
                }
            }
        }
        assertThat(missing).as("texts that zh.js lacks").isEmpty();
    }

    private static Set<String> names(String text) {
        Set<String> names = new TreeSet<>();
        for (Matcher name = Pattern.compile("\\{(\\w+)}").matcher(text); name.find();) {
            names.add(name.group(1));
        }
        return names;
    }

    @Test
    void allFilesTogetherAreSmall() throws IOException {
        long bytes = 0;
        try (Stream<Path> all = Files.walk(FILES)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
                    gzip.write(Files.readAllBytes(file));
                }
                bytes += out.size();
            }
        }
        assertThat(bytes).as("compressed bytes of the whole console").isLessThan(MOST_BYTES);
    }

    @Test
    void librariesAreNamedWithVersionAndLicence() throws IOException {
        String notice = Files.readString(FILES.resolve("vendor/NOTICE.txt"));
        JsonNode packages = new ObjectMapper().readTree(Files.readString(Path.of("src/vendor/package.json"))).get("dependencies");
        for (Iterator<Map.Entry<String, JsonNode>> fields = packages.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> one = fields.next();
            assertThat(notice).contains(one.getKey() + " " + one.getValue().asText());
        }
        try (Stream<Path> all = Files.list(FILES.resolve("vendor"))) {
            for (Path file : all.filter(path -> !path.endsWith("NOTICE.txt")).toList()) {
                assertThat(notice).as("NOTICE.txt").contains(file.getFileName().toString());
            }
        }
    }
}
