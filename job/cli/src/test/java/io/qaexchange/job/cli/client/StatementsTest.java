package io.qaexchange.job.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How a text becomes statements. */
class StatementsTest {

    @Test
    void semicolonsInTextsNamesAndCommentsEndNothing() {
        Statements.Parts parts = Statements.of("SELECT ';', \"a;b\" -- one; two\nFROM t; /* ; */ SELECT $$;$$; SELECT 3");
        assertThat(parts.complete()).containsExactly("SELECT ';', \"a;b\" -- one; two\nFROM t", "/* ; */ SELECT $$;$$");
        assertThat(parts.rest()).isEqualTo(" SELECT 3");
    }

    @Test
    void emptyStatementsAreLeftOut() {
        assertThat(Statements.of(";; -- nothing\n ;SELECT 1;;").complete()).containsExactly("SELECT 1");
    }

    @Test
    void inputIsCompleteAtItsSemicolonOrAsACommand() {
        assertThat(StatementParser.isComplete("SELECT 1")).isFalse();
        assertThat(StatementParser.isComplete("SELECT ';")).isFalse();
        assertThat(StatementParser.isComplete("SELECT 1; SELECT")).isFalse();
        assertThat(StatementParser.isComplete("SELECT 1;")).isTrue();
        assertThat(StatementParser.isComplete("SELECT 1; -- done")).isTrue();
        assertThat(StatementParser.isComplete("SELECT 1; \\watch 2")).isTrue();
        assertThat(StatementParser.isComplete("\\d trade")).isTrue();
        assertThat(StatementParser.isComplete("exit")).isTrue();
        assertThat(StatementParser.isComplete("")).isTrue();
    }
}
