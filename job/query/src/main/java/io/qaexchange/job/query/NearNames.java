package io.qaexchange.job.query;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names that somebody may have meant who wrote another one. Stateless. */
public final class NearNames {

    private static final int MAX_NAMES = 3;

    private NearNames() {
    }

    /** Up to three known names near to a name, the nearest first; none if nothing is near. */
    public static List<String> of(String name, Collection<String> known) {
        String wanted = name.toLowerCase(Locale.ROOT);
        int allowed = wanted.length() < 4 ? 1 : Math.max(2, wanted.length() / 3);
        return known.stream().distinct().filter(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT)) <= allowed)
                .sorted(Comparator.comparingInt((String candidate) -> distance(wanted, candidate.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MAX_NAMES).toList();
    }

    /** A sentence's end: "; did you mean x, y?", or nothing. */
    public static String hint(String name, Collection<String> known) {
        List<String> near = of(name, known);
        return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    }

    /** Letters to change, add or remove; 1 if one is a part of the other that is not short. */
    private static int distance(String a, String b) {
        if (Math.min(a.length(), b.length()) >= 4 && !a.equals(b) && (a.contains(b) || b.contains(a))) {
            return 1;
        }
        int[] above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = above[0];
            above[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = above[j];
                above[j] = Math.min(changed, Math.min(above[j], above[j - 1]) + 1);
            }
        }
        return above[b.length()];
    }
}
