package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Chinese README shows the same commands and answers as the English one. Comments after commands are in each page's language. */
class ReadmePagesTest {

    private static final String ENGLISH = "../../README.md";
    private static final String CHINESE = "../../docs/README.zh-CN.md";
    private static final Pattern COMMENT = Pattern.compile("\\s+# .*$");
    private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)[^)]*\\)");

    @Test
    void bothPagesShowTheSameCommands() throws Exception {
        List<List<String>> english = codeBlocks(Path.of(ENGLISH));

        assertThat(english).isNotEmpty();
        assertThat(codeBlocks(Path.of(CHINESE))).isEqualTo(english);
    }

    @ParameterizedTest
    @ValueSource(strings = {ENGLISH, CHINESE})
    void linksLeadToFilesThatExist(String page) throws Exception {
        Path file = Path.of(page);

        List<String> links = LINK.matcher(Files.readString(file)).results().map(match -> match.group(1)).toList();

        assertThat(links).isNotEmpty().allSatisfy(link -> assertThat(file.resolveSibling(link)).exists());
    }

    private static List<List<String>> codeBlocks(Path page) throws Exception {
        List<List<String>> blocks = new ArrayList<>();
        List<String> block = null;
        for (String line : Files.readAllLines(page)) {
            if (line.startsWith("```")) {
                if (block == null) {
                    block = new ArrayList<>();
                } else {
                    blocks.add(block);
                    block = null;
                }
            } else if (block != null) {
                block.add(COMMENT.matcher(line).replaceAll("").stripTrailing());
            }
        }
        assertThat(block).as("%s: a code block that is not closed", page).isNull();
        return blocks;
    }
}
