package io.qaexchange.job.cli.client;

import io.qaexchange.job.server.session.SqlTokens;
import java.util.ArrayList;
import java.util.List;

/** The statements of a text of SQL, which semicolons end; those in texts, names and comments do not. Stateless. */
final class Statements {

    /**
     * A text in its statements.
     *
     * @param complete the statements that have their semicolon, without it; empty ones are left out
     * @param rest the text after the last semicolon
     */
    record Parts(List<String> complete, String rest) {
    }

    private Statements() {
    }

    /** Splits a text. */
    static Parts of(String text) {
        List<String> complete = new ArrayList<>();
        StringBuilder open = new StringBuilder();
        boolean empty = true;
        for (SqlTokens.Token token : SqlTokens.of(text)) {
            if (token.isSign(";")) {
                if (!empty) {
                    complete.add(open.toString().strip());
                }
                open.setLength(0);
                empty = true;
                continue;
            }
            open.append(token.text());
            empty &= token.kind() == SqlTokens.Kind.SPACE;
        }
        return new Parts(complete, open.toString());
    }

    /** Whether there is something to run in a text: not only white space and comments. */
    static boolean isEmpty(String text) {
        return SqlTokens.of(text).stream().allMatch(token -> token.kind() == SqlTokens.Kind.SPACE || token.isSign(";"));
    }
}
