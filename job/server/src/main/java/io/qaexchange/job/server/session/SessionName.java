package io.qaexchange.job.server.session;

import java.util.regex.Pattern;
import javax.annotation.Nullable;

/** The name that a client gives to a session whose live reads do not go back, in a header of each request. */
public final class SessionName {

    /** The header. */
    public static final String HEADER = "Qaexchange-Session";

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9-]{8,64}");

    private SessionName() {
    }

    /**
     * Checks a name.
     *
     * @param name null if the client has sent none
     * @return the name
     * @throws IllegalArgumentException if it is none
     */
    @Nullable
    public static String check(@Nullable String name) {
        if (name != null && !FORM.matcher(name).matches()) {
            throw new IllegalArgumentException("header " + HEADER + " is a name of 8 to 64 letters, digits and hyphens");
        }
        return name;
    }
}
