package io.qaexchange.job.cli;

import io.qaexchange.job.cli.client.ServerClient;
import io.qaexchange.job.cli.client.ServerProblem;
import io.qaexchange.job.cli.read.QueryCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * {@code bin/query}: asks the query server, where one is named or serves the folder, with as few classes as this takes. Whatever else is asked for, and
 * whatever it does not understand, is for {@link QueryCommand}, which loads DuckDB and Flink's classes and takes a second to begin.
 *
 * <p>What is printed, and the exit code, are those of {@link QueryCommand}. Stateless.
 */
public final class QuickQuery {

    private static final List<String> TEXTS = List.of("table", "csv", "json");
    private static final Pattern ADDRESS = Pattern.compile("\"address\"\\s*:\\s*\"(http://[^\"\\\\]+)\"");
    private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([0-9a-zA-Z-]+)\"");
    private static final String NAME = "query: ";
    private static final int PATIENCE_MS = 2_000;
    private static final int CONNECT_MS = 5_000;
    private static final int REFUSED = 300;

    private QuickQuery() {
    }

    /**
     * A command line that can be answered here.
     *
     * @param folder folder that a server may serve; null if the server is named
     * @param server its address; null if the folder tells
     */
    record Asked(String sql, @Nullable Path folder, @Nullable String server, String level, String format) {

        /** Reads arguments; null if they need the whole command. */
        @Nullable
        static Asked of(String[] args) {
            String sql = null;
            String folder = null;
            String server = null;
            String level = "live";
            String format = "table";
            for (int i = 0; i < args.length; i++) {
                int equals = args[i].startsWith("--") ? args[i].indexOf('=') : -1;
                String name = equals > 0 ? args[i].substring(0, equals) : args[i];
                if (!name.startsWith("-")) {
                    if (sql != null) {
                        return null;
                    }
                    sql = name;
                    continue;
                }
                if (!List.of("--dir", "--server", "--level", "--format").contains(name) || equals < 0 && i + 1 == args.length) {
                    return null;
                }
                String value = equals > 0 ? args[i].substring(equals + 1) : args[++i];
                switch (name) {
                    case "--dir" -> folder = value;
                    case "--server" -> server = value;
                    case "--level" -> level = value;
                    default -> format = value;
                }
            }
            boolean named = server != null && server.startsWith("http://");
            return sql == null || sql.isBlank() || !TEXTS.contains(format) || server != null && !named || server == null && folder == null ? null
                    : new Asked(sql, server != null ? null : Path.of(folder), server, level, format);
        }
    }

    /** Runs the command. */
    public static void main(String[] args) {
        Asked asked = Asked.of(args);
        if (asked != null) {
            Locale.setDefault(Locale.ROOT);
            TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
            System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
            System.setOut(StandardOutput.over(new FileOutputStream(FileDescriptor.out)));
            Thread cleaner = new Thread(QuickQuery::removeFolder, "removes the temporary folder");
            Runtime.getRuntime().addShutdownHook(cleaner);
            Integer code;
            try {
                code = ask(asked);
            } catch (IOException | OutputFailedException e) {
                OutputFailedException output = OutputFailedException.in(e);
                if (output == null || !output.isClosedPipe()) {
                    System.err.println(NAME + (output != null ? output.getMessage() : String.valueOf(e.getMessage())));
                }
                code = output != null && output.isClosedPipe() ? Tool.CLOSED_PIPE : Tool.COULD_NOT_RUN;
            }
            if (code != null) {
                System.exit(code);
            }
            Runtime.getRuntime().removeShutdownHook(cleaner);
        }
        QueryCommand.main(args);
    }

    /** The folder that the launcher made: nothing but its lock is in it. */
    private static void removeFolder() {
        String folder = System.getProperty(ProcessFolder.MADE);
        if (folder != null) {
            try {
                Files.deleteIfExists(Path.of(folder, ProcessFolder.LOCK));
                Files.deleteIfExists(Path.of(folder));
            } catch (IOException e) {
                // The next command removes it.
                System.err.println(NAME + "folder " + folder + " was not removed: " + e.getMessage());
            }
        }
    }

    /** The exit code; null if the whole command is needed. */
    @Nullable
    static Integer ask(Asked asked) throws IOException {
        URI address = asked.server() != null ? URI.create(asked.server()) : find(asked.folder());
        if (address == null || address.getHost() == null) {
            return null;
        }
        HttpURLConnection connection = open(address.resolve("/v1/query?format=" + (asked.format().equals("json") ? "ndjson" : asked.format()) + "&level="
                + URLEncoder.encode(asked.level(), StandardCharsets.UTF_8)), 0);
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/sql");
        String token = System.getenv(ServerClient.TOKEN);
        if (token != null) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
        }
        int status;
        try (OutputStream body = connection.getOutputStream()) {
            body.write(asked.sql().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // Nobody answers: the whole command says what can be done.
            return null;
        }
        status = connection.getResponseCode();
        if (status >= REFUSED) {
            return refused(connection, address, status);
        }
        try (InputStream rows = connection.getInputStream()) {
            rows.transferTo(System.out);
        }
        System.out.flush();
        tellMoment(connection, address);
        return Tool.GOOD;
    }

    private static int refused(HttpURLConnection connection, URI address, int status) throws IOException {
        try (InputStream body = connection.getErrorStream()) {
            String text = body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
            ServerProblem problem = ServerClient.problem(address, status, String.valueOf(connection.getContentType()), text);
            System.err.println(NAME + problem.getMessage());
            return problem.isOfTheQuery() ? Tool.BAD : Tool.COULD_NOT_RUN;
        }
    }

    private static void tellMoment(HttpURLConnection connection, URI address) {
        String level = connection.getHeaderField("Qaexchange-Level");
        String pinnedTo = connection.getHeaderField("Qaexchange-Pinned-To");
        System.err.println(NAME + (level == null ? "asked " : level + (pinnedTo == null ? "" : " as of " + pinnedTo) + ", from ") + address);
        // By number, as they came: the map of all headers has them last first on some JDKs and first first on others. Number 0 is the status line.
        for (int i = 1; connection.getHeaderFieldKey(i) != null; i++) {
            if ("Qaexchange-Notice".equalsIgnoreCase(connection.getHeaderFieldKey(i))) {
                System.err.println(NAME + URLDecoder.decode(connection.getHeaderField(i).replace("+", "%2B"), StandardCharsets.UTF_8));
            }
        }
    }

    /** The server that serves a folder and answers now; null if there is none, or if it takes more than this to ask it. */
    @Nullable
    private static URI find(Path folder) {
        try {
            String named = Files.readString(folder.resolve("server.json"));
            Matcher address = ADDRESS.matcher(named);
            Matcher id = ID.matcher(named);
            if (!address.find() || !id.find()) {
                return null;
            }
            URI server = URI.create(address.group(1));
            HttpURLConnection connection = open(server.resolve("/healthz"), PATIENCE_MS);
            try (InputStream body = connection.getInputStream()) {
                String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                return text.contains('"' + id.group(1) + '"') ? server : null;
            }
        } catch (IOException | IllegalArgumentException e) {
            // There is none, or it has gone: the whole command looks again, and reads files.
            return null;
        }
    }

    private static HttpURLConnection open(URI uri, int patienceMs) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setConnectTimeout(CONNECT_MS);
        connection.setReadTimeout(patienceMs);
        return connection;
    }
}
