package io.qaexchange.storage.datadriven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A test that is a text: a command with its lines of input, {@code ----}, the answer, an empty line, and so on. Lines that begin with
 * {@code #} are comments. {@code -Dtest.rewrite=true} writes the answers of now into the file, and the diff is the review.
 */
final class TextTest {
    private static final Path FOLDER = Path.of("src/test/resources/datadriven");
    private static final String RULE = "----";

    /**
     * A question.
     *
     * @param words the first line
     * @param input the lines below it
     */
    record Command(List<String> words, List<String> input) {
        String name() {
            return words.get(0);
        }

        /** The value of {@code name=value} in the first line; the default if it is not there. */
        String option(String name, String byDefault) {
            return words.stream().filter(word -> word.startsWith(name + "=")).map(word -> word.substring(name.length() + 1)).findFirst()
                    .orElse(byDefault);
        }
    }

    /** Answers a command. */
    interface Answers {
        String to(Command command) throws Exception;
    }

    private TextTest() {}

    static void run(String name, Answers answers) throws Exception {
        Path file = FOLDER.resolve(name);
        List<String> lines = Files.readAllLines(file);
        List<String> actual = new ArrayList<>();
        for (int at = 0; at < lines.size(); ) {
            if (lines.get(at).isEmpty() || lines.get(at).startsWith("#")) {
                actual.add(lines.get(at++));
                continue;
            }
            int rule = at;
            while (!lines.get(rule).equals(RULE)) {
                rule++;
            }
            List<String> asked = lines.subList(at, rule);
            actual.addAll(asked);
            actual.add(RULE);
            actual.addAll(answer(answers, asked).lines().toList());
            at = rule + 1;
            while (at < lines.size() && !lines.get(at).isEmpty()) {
                at++;
            }
        }
        if (Boolean.getBoolean("test.rewrite")) {
            Files.write(file, actual);
        }
        assertThat(actual).containsExactlyElementsOf(Files.readAllLines(file));
    }

    private static String answer(Answers answers, List<String> asked) throws Exception {
        try {
            return answers.to(new Command(List.of(asked.get(0).split(" +")), asked.subList(1, asked.size())));
        } catch (IOException | IllegalArgumentException e) {
            return "error: " + e.getMessage();
        }
    }
}
