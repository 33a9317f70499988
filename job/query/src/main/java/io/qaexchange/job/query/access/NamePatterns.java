package io.qaexchange.job.query.access;

import io.qaexchange.job.query.SqlText;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.annotation.Nullable;

/**
 * Names, some of them with {@code *} for any signs. Immutable.
 */
public final class NamePatterns {

    private static final char ANY = '*';

    private final Set<String> texts;
    private final Pattern pattern;

    private NamePatterns(Set<String> texts) {
        this.texts = texts;
        this.pattern = Pattern.compile(texts.stream().map(NamePatterns::regex).collect(Collectors.joining("|")), Pattern.DOTALL);
    }

    /**
     * Patterns from their texts; none of them lets no name through.
     *
     * @throws IllegalArgumentException if one is empty or has a control character
     */
    public static NamePatterns of(List<String> texts) {
        for (String text : texts) {
            if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("\"" + text + "\" is no name and no pattern such as SHFE.*");
            }
        }
        return new NamePatterns(new TreeSet<>(texts));
    }

    private static String regex(String text) {
        StringBuilder regex = new StringBuilder();
        for (String part : text.split("\\*", -1)) {
            regex.append(regex.isEmpty() ? "" : ".*").append("(?:").append(Pattern.quote(part)).append(')');
        }
        return regex.toString();
    }

    /** Whether a name is one of them. An empty name never is. */
    public boolean matches(String name) {
        return !name.isEmpty() && !texts.isEmpty() && pattern.matcher(name).matches();
    }

    /** The names, if none has a {@code *}; null else. */
    @Nullable
    Set<String> names() {
        return texts.stream().anyMatch(text -> text.indexOf(ANY) >= 0) ? null : texts;
    }

    /** The condition that a column's value matches; never true for NULL. */
    String condition(String column) {
        String either = texts.stream().map(text -> column + (text.indexOf(ANY) < 0 ? " = " + SqlText.quote(text)
                : " LIKE " + SqlText.quote(text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace(ANY, '%')) + " ESCAPE '\\'"))
                .collect(Collectors.joining(" OR "));
        return texts.isEmpty() ? "false" : "coalesce(" + either + ", false)";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NamePatterns patterns && texts.equals(patterns.texts);
    }

    @Override
    public int hashCode() {
        return texts.hashCode();
    }

    @Override
    public String toString() {
        return texts.toString();
    }
}
