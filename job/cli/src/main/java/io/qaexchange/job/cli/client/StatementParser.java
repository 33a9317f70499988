package io.qaexchange.job.cli.client;

import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.impl.DefaultParser;

/** Tells the line editor when an input is complete: at a semicolon, or at the line's end for commands of the shell. Stateless. */
final class StatementParser implements Parser {

    private final DefaultParser words = new DefaultParser().quoteChars(new char[0]).escapeChars(null);

    StatementParser() {
        words.setEofOnUnclosedQuote(false);
    }

    @Override
    public ParsedLine parse(String line, int cursor, ParseContext context) {
        if (context == ParseContext.ACCEPT_LINE && !isComplete(line)) {
            throw new EOFError(-1, -1, "the statement has no semicolon yet");
        }
        return words.parse(line, cursor, context);
    }

    static boolean isComplete(String text) {
        String stripped = text.strip();
        if (stripped.isEmpty() || stripped.startsWith("\\") || isWord(stripped)) {
            return true;
        }
        Statements.Parts parts = Statements.of(text);
        if (parts.complete().isEmpty()) {
            return Statements.isEmpty(text);
        }
        return Statements.isEmpty(parts.rest()) || parts.rest().strip().startsWith("\\");
    }

    /** Words that people type at any prompt. */
    static boolean isWord(String text) {
        return text.equalsIgnoreCase("quit") || text.equalsIgnoreCase("exit") || text.equalsIgnoreCase("help");
    }
}
