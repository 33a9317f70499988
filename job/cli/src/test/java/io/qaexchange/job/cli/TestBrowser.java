package io.qaexchange.job.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qaexchange.job.cli.browser.Browser;
import java.nio.file.Path;
import java.util.Optional;

/** The browser that tests of the console drive. Stateless. */
final class TestBrowser {

    private TestBrowser() {
    }

    /** The program. Without it, the output says that the tests of a class did not run. */
    static Path findOrSkip(Class<?> tests) {
        Optional<Path> program = Browser.find();
        if (program.isEmpty()) {
            System.out.println(tests.getSimpleName() + " DID NOT RUN: there is no chromium on this machine; apt-get install chromium");
        }
        assumeTrue(program.isPresent(), "chromium is installed");
        return program.orElseThrow();
    }
}
