package io.qaexchange.job.cli.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;

/**
 * A headless Chromium with one tab at a time, driven by its DevTools protocol.
 *
 * <p>Errors and warnings of the console, uncaught exceptions and everything that the browser refuses, such as what a Content-Security-Policy
 * forbids, are kept as {@link #complaints}.
 *
 * <p>One thread.
 */
public final class Browser implements AutoCloseable {

    /** Names under which Chromium is installed. */
    private static final List<String> PROGRAMS = List.of("chromium", "chromium-browser", "google-chrome");
    private static final Pattern ADDRESS = Pattern.compile("ws://\\S+");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long ANSWER_S = 30;
    private static final long POLL_MS = 50;
    /** Parts of the messages by which the browser refuses a question whose page has given way to another one. */
    private static final List<String> PAGE_LEFT = List.of("target navigated", "context was destroyed", "Cannot find context");

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final Listener listener;
    private final Thread hook;
    private final AtomicLong ids = new AtomicLong();
    /** The tab; null while the browser itself is asked. */
    @Nullable
    private String session;
    /** The browser context of the tab, shared with no other; null before the first. */
    @Nullable
    private String context;

    /** The page that was asked has given way to another one. */
    private static final class PageLeftException extends IOException {
        private static final long serialVersionUID = 1L;

        private PageLeftException(String message) {
            super(message);
        }
    }

    /** Puts the parts of messages together, and answers to their questions. */
    private static final class Listener implements WebSocket.Listener {
        private final Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
        private final List<String> complaints = new CopyOnWriteArrayList<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                try {
                    take(JSON.readTree(text.toString()));
                } catch (IOException e) {
                    complaints.add("a message of the browser is no JSON: " + text);
                }
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void take(JsonNode message) {
            if (message.has("id")) {
                CompletableFuture<JsonNode> asked = pending.remove(message.get("id").asLong());
                if (asked != null) {
                    asked.complete(message);
                }
                return;
            }
            JsonNode parameters = message.path("params");
            switch (message.path("method").asText()) {
                case "Runtime.exceptionThrown" -> complaints.add("exception: " + parameters.path("exceptionDetails").path("exception").path("description")
                        .asText(parameters.path("exceptionDetails").path("text").asText()));
                case "Runtime.consoleAPICalled" -> {
                    String kind = parameters.path("type").asText();
                    if (kind.equals("error") || kind.equals("warning")) {
                        complaints.add(kind + ": " + parameters.path("args"));
                    }
                }
                case "Log.entryAdded" -> {
                    JsonNode entry = parameters.path("entry");
                    if (!entry.path("source").asText().equals("network")) {
                        complaints.add(entry.path("level").asText() + ": " + entry.path("text").asText());
                    }
                }
                default -> {
                    // Nothing else is of interest.
                }
            }
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            pending.values().forEach(asked -> asked.completeExceptionally(error));
        }
    }

    private Browser(Process process, Path profile, WebSocket socket, Listener listener) {
        // It must not outlive whoever drives it.
        this.hook = new Thread(process::destroyForcibly, "ends the browser");
        Runtime.getRuntime().addShutdownHook(hook);
        this.process = process;
        this.profile = profile;
        this.socket = socket;
        this.listener = listener;
    }

    /** The program, if it is installed. */
    public static Optional<Path> find() {
        return PROGRAMS.stream().flatMap(name -> Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).map(place -> Path.of(place, name)))
                .filter(Files::isExecutable).findFirst();
    }

    /**
     * Starts it.
     *
     * @throws IOException if it does not start
     */
    public static Browser start(Path program) throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory("browser");
        // A container has neither the namespaces of the sandbox nor a large /dev/shm; it sees nothing but this machine's own pages.
        Process process = new ProcessBuilder(program.toString(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--force-prefers-reduced-motion",
                "--remote-debugging-port=0", "--user-data-dir=" + profile, "about:blank").redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        boolean started = false;
        try {
            URI address = address(process);
            Listener listener = new Listener();
            WebSocket socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, listener).get(ANSWER_S, TimeUnit.SECONDS);
            Browser browser = new Browser(process, profile, socket, listener);
            browser.newTab();
            started = true;
            return browser;
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the browser does not answer: " + e, e);
        } finally {
            if (!started) {
                process.destroyForcibly();
                FileUtils.deleteDirectoryQuietly(profile.toFile());
            }
        }
    }

    private static URI address(Process process) throws IOException {
        BufferedReader errors = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
        List<String> seen = new ArrayList<>();
        for (String line = errors.readLine(); line != null; line = errors.readLine()) {
            seen.add(line);
            Matcher address = ADDRESS.matcher(line);
            if (address.find()) {
                Thread drain = new Thread(() -> errors.lines().forEach(more -> { }), "reads what the browser says");
                drain.setDaemon(true);
                drain.start();
                return URI.create(address.group());
            }
        }
        throw new IOException("the browser ended at once: " + String.join("; ", seen));
    }

    /** Closes the tab and opens another one, which shares nothing with it; forgets complaints. */
    public void newTab() throws IOException, InterruptedException {
        session = null;
        if (context != null) {
            call("Target.disposeBrowserContext", Map.of("browserContextId", context));
        }
        context = call("Target.createBrowserContext", Map.of()).path("browserContextId").asText();
        String target = call("Target.createTarget", Map.of("url", "about:blank", "browserContextId", context)).path("targetId").asText();
        session = call("Target.attachToTarget", Map.of("targetId", target, "flatten", true)).path("sessionId").asText();
        for (String domain : List.of("Page", "Runtime", "Log")) {
            call(domain + ".enable", Map.of());
        }
        listener.complaints.clear();
    }

    /** Sets the size of the page, in CSS pixels. */
    public void resize(int width, int height) throws IOException, InterruptedException {
        call("Emulation.setDeviceMetricsOverride", Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    /** Runs a script before those of each page that is opened from now on. */
    public void before(String script) throws IOException, InterruptedException {
        call("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
    }

    /** Opens a page; does not wait for it. */
    public void open(String url) throws IOException, InterruptedException {
        call("Page.navigate", Map.of("url", url));
    }

    /** Loads the page again; returns when the former document is gone. */
    public void reload() throws IOException, InterruptedException {
        evaluate("window.beforeReload = true");
        call("Page.reload", Map.of());
        await("!window.beforeReload", ANSWER_S);
    }

    /**
     * The value of an expression, awaited if it is a promise.
     *
     * @throws IOException if it throws
     */
    public JsonNode evaluate(String expression) throws IOException, InterruptedException {
        JsonNode answer = call("Runtime.evaluate", Map.of("expression", expression, "awaitPromise", true, "returnByValue", true, "userGesture", true));
        if (answer.has("exceptionDetails")) {
            throw new IOException("the page throws: " + answer.path("exceptionDetails").path("exception").path("description")
                    .asText(answer.path("exceptionDetails").toString()) + " of " + expression);
        }
        return answer.path("result").path("value");
    }

    /**
     * Waits until an expression is true. While another page takes the place of the present one, it is not.
     *
     * @throws IOException if it is not within that time, with what the page shows
     */
    public void await(String expression, long seconds) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!holds(expression)) {
            if (System.nanoTime() > deadlineNs) {
                throw new IOException("not within " + seconds + " s: " + expression + ". The page shows: " + evaluate("document.body.innerText").asText()
                        + ". Complaints: " + listener.complaints);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    private boolean holds(String expression) throws IOException, InterruptedException {
        try {
            return evaluate("!!(" + expression + ")").asBoolean();
        } catch (PageLeftException e) {
            return false;
        }
    }

    /** A picture of the page as it is, PNG. */
    public byte[] screenshot() throws IOException, InterruptedException {
        return java.util.Base64.getDecoder().decode(call("Page.captureScreenshot", Map.of("format", "png")).path("data").asText());
    }

    /** Errors, warnings and refusals since the tab was opened. */
    public List<String> complaints() {
        return List.copyOf(listener.complaints);
    }

    /** Asks the browser. */
    public JsonNode call(String method, Map<String, ?> parameters) throws IOException, InterruptedException {
        long id = ids.incrementAndGet();
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        if (session != null) {
            message.put("sessionId", session);
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        listener.pending.put(id, answer);
        try {
            socket.sendText(message.toString(), true).get(ANSWER_S, TimeUnit.SECONDS);
            JsonNode found = answer.get(ANSWER_S, TimeUnit.SECONDS);
            if (found.has("error")) {
                String reason = found.path("error").path("message").asText();
                String refusal = "the browser refuses " + method + ": " + reason;
                throw PAGE_LEFT.stream().anyMatch(reason::contains) ? new PageLeftException(refusal) : new IOException(refusal);
            }
            return found.path("result");
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the browser does not answer to " + method + ": " + e, e);
        }
    }

    @Override
    public void close() throws IOException {
        Runtime.getRuntime().removeShutdownHook(hook);
        socket.abort();
        process.destroy();
        try {
            if (!process.waitFor(ANSWER_S, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            FileUtils.deleteDirectoryQuietly(profile.toFile());
        }
    }
}
