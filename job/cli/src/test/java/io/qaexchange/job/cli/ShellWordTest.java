package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShellWordTest {

    @Test
    void aShellTakesEachPathAsOneWord() throws Exception {
        for (String path : List.of("run", "/a/b-c_d.e", "new user/demo data", "it's", "a\"b", "$HOME", "`x`", "x;y", "%#[*]", "a\nb", "''", "\\")) {
            Process shell = new ProcessBuilder("bash", "-c", "set -- " + Tool.shellWord(Path.of(path)) + "; printf '%s %s' $# \"$1\"").start();
            assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("1 " + path);
            assertThat(shell.waitFor()).isZero();
        }
        assertThat(Tool.shellWord(Path.of("/plain/path"))).isEqualTo("/plain/path");
    }
}
