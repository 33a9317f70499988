package io.qaexchange.job.cli.read;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.server.security.Role;
import io.qaexchange.job.server.security.ScramVerifier;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/token}: makes an entry of the token file. */
@Command(name = "token", mixinStandardHelpOptions = true,
        description = "Makes an entry for the file of bin/serve --tokens, on standard output: a new token for HTTP, and a verifier of a password for the "
                + "PostgreSQL wire. The password is read from the terminal, or as one line from standard input; an empty one takes the token as password.",
        footer = {"", "The token is shown once, on standard error. Exit code: 0 done, 2 a mistake in the options."})
public final class TokenCommand implements Callable<Integer> {

    private static final int TOKEN_BYTES = 24;

    @Option(names = "--user", required = true, description = "Name of the user.")
    private String user;
    @Option(names = "--role", defaultValue = "reader", description = "reader, operator or admin. Default: ${DEFAULT-VALUE}.")
    private String role;
    @Option(names = "--expires", paramLabel = "TIME", description = "When it ends, such as 2027-01-01T00:00:00Z. Default: never.")
    private String expires;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new TokenCommand(), args);
    }

    @Override
    public Integer call() throws IOException {
        if (Arrays.stream(Role.values()).noneMatch(known -> known.name().equals(role.toUpperCase(Locale.ROOT)))) {
            throw new UsageException("--role " + role + " is none of reader, operator, admin");
        }
        if (expires != null) {
            try {
                Instant.parse(expires);
            } catch (DateTimeParseException e) {
                throw new UsageException("--expires " + expires + " is no time such as 2027-01-01T00:00:00Z", e);
            }
        }
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        String password = password();
        System.err.println("token of " + user + ", shown once: " + token);
        System.out.println("  - user: \"" + user.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        System.out.println("    role: " + role.toLowerCase(Locale.ROOT));
        System.out.println("    sha256: " + sha256(token));
        System.out.println("    scram: " + ScramVerifier.ofPassword(password.isEmpty() ? token : password));
        if (expires != null) {
            System.out.println("    expires: " + expires);
        }
        return Tool.GOOD;
    }

    private String password() throws IOException {
        Console console = System.console();
        if (console != null) {
            char[] typed = console.readPassword("password of %s for the PostgreSQL wire (empty: the token): ", user);
            return typed == null ? "" : new String(typed);
        }
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        return line == null ? "" : line;
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
