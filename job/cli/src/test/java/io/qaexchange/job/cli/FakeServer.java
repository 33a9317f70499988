package io.qaexchange.job.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.server.console.ConsoleHandler;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * The console's files with made-up answers behind them, for what a real job shows seldom or never: an empty system, one that fails, a thousand instruments,
 * names that are hostile in every place. Thread-safe.
 */
final class FakeServer implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE_S = 60;

    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);
    private final ConcurrentMap<String, Supplier<String>> answers = new ConcurrentHashMap<>();
    private volatile Mood mood = Mood.WELL;
    private volatile String role = "operator";
    private volatile CountDownLatch held = new CountDownLatch(0);

    /** How it answers; who asks is always told. */
    enum Mood {
        WELL(200, ""), ERROR(502, "the made-up disk is broken"), FORBIDDEN(403, "user fay is READER, this needs OPERATOR"), NOT_RUNNING(503, "0 of 2 subtasks of the event store can be read");

        private final int status;
        private final String detail;

        Mood(int status, String detail) {
            this.status = status;
            this.detail = detail;
        }

        String detail() {
            return detail;
        }
    }

    private FakeServer() {
    }

    static FakeServer start() throws Exception {
        FakeServer fake = new FakeServer();
        fake.connector.setHost("127.0.0.1");
        fake.server.addConnector(fake.connector);
        fake.server.setHandler(new Handler.Sequence(new ConsoleHandler(), new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                fake.answer(Request.getPathInContext(request), request.getMethod(), response, callback);
                return true;
            }
        }));
        fake.server.start();
        return fake;
    }

    String root() {
        return "http://127.0.0.1:" + connector.getLocalPort() + "/console/";
    }

    void setMood(Mood next) {
        mood = next;
    }

    void setRole(String next) {
        role = next;
    }

    /** From now on answers are held back, until {@link #release}. */
    void hold() {
        held = new CountDownLatch(1);
    }

    void release() {
        held.countDown();
    }

    /** Answers a path. */
    void put(String path, Supplier<String> json) {
        answers.put(path, json);
    }

    private void answer(String path, String method, Response response, Callback callback) throws Exception {
        if (path.equals("/v1/user")) {
            write(response, callback, 200, JSON.createObjectNode().put("name", "fay").put("role", role).toString());
            return;
        }
        if (!held.await(PATIENCE_S, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the test did not release its answers");
        }
        if (mood != Mood.WELL) {
            write(response, callback, mood.status, problem(mood.status, "made-up", mood.detail));
            return;
        }
        Supplier<String> known = answers.get(method.equals("GET") ? path : method + " " + path);
        if (known == null) {
            write(response, callback, 404, problem(404, "no-such-path", "nothing was made up for " + method + " " + path));
        } else {
            String text = known.get();
            write(response, callback, text.contains("urn:qaexchange:problem:no-kafka") ? 409 : 200, text);
        }
    }

    static String problem(int status, String code, String detail) {
        return JSON.createObjectNode().put("type", "urn:qaexchange:problem:" + code).put("title", code).put("status", status).put("detail", detail).toString();
    }

    private static void write(Response response, Callback callback, int status, String body) {
        response.setStatus(status);
        response.getHeaders().put("Content-Type", "application/json");
        Content.Sink.write(response, true, body, callback);
    }

    /** A system in which nothing has happened yet. */
    FakeServer empty() {
        answers.clear();
        put("/v1/status", () -> status(Map.of(), Map.of(), 0));
        put("/v1/instruments", () -> "{\"instruments\": []}");
        put("/v1/latest/tick", () -> "[]");
        put("/v1/bars/trade", () -> "[]");
        put("/v1/tables", () -> "{\"tables\": [\"tick\"], \"columns\": {\"tick\": {\"instrument\": \"VARCHAR\"}}, \"macros\": []}");
        put("/v1/queries", () -> "[]");
        put("/v1/queries/ended", () -> "{\"queries\": []}");
        put("/v1/ledger", () -> ledger(List.of()));
        put("/v1/accounts", () -> "{\"checkpoint\": 7, \"accounts\": []}");
        put("/v1/ledger/positions", () -> "{\"checkpoint\": 7, \"all\": 0, \"positions\": []}");
        put("/v1/ledger/orders", () -> "{\"checkpoint\": 7, \"all\": 0, \"orders\": []}");
        put("/v1/query", () -> "[]");
        put("POST /v1/query", () -> "");
        put("/v1/storage", () -> storage(JSON.createArrayNode()));
        put("/v1/storage/history", () -> "{\"samples\": []}");
        put("/v1/dead-letters", () -> "{\"place\": \"topic dead-letters of Kafka at 127.0.0.1:9\", \"letters\": 0, \"sentAgain\": 0, \"reasons\": [], \"matching\": 0, \"newest\": []}");
        put("/admin/operations", () -> "{\"operations\": []}");
        return this;
    }

    /** As {@link #empty}, with some of everything; every name is that one. */
    FakeServer full(String name) {
        empty();
        String quoted = JSON.getNodeFactory().textNode(name).toString();
        put("/v1/status", () -> status(new TreeMap<>(Map.of("consumed", 1_000L, "stored", 990L, "duplicates", 4L, "deadLetters", 4L, "refused", 2L, "messagesPerSecond", 12L, "hotRows", 500L,
                "archivedRows", 490L)), Map.of(name, 4L, "not an event", 2L), 3));
        put("/v1/instruments", () -> "{\"instruments\": [" + instrument(name) + "]}");
        put("/v1/latest/tick", () -> "[{\"instrument\": " + quoted + ", \"event_time\": " + System.currentTimeMillis() + "000000, \"last_price\": 1.5, \"bid_price\": 1.4, \"ask_price\": 1.6}]");
        put("/v1/queries/ended", () -> "{\"queries\": [{\"id\": 1, \"user\": " + quoted + ", \"sql\": " + quoted + ", \"began\": \"2026-01-05T01:30:00Z\", \"ms\": 12, \"outcome\": \"FAILED\", \"reason\": " + quoted
                + "}]}");
        put("/v1/queries", () -> "[{\"id\": 2, \"request\": \"\", \"user\": " + quoted + ", \"sql\": " + quoted + ", \"began\": \"2026-01-05T01:30:00Z\"}]");
        put("/v1/ledger", () -> ledger(List.of("account " + name + " does not add up")));
        put("/v1/accounts", () -> "{\"checkpoint\": 7, \"accounts\": [" + account(name) + "]}");
        put("/v1/ledger/positions", () -> "{\"checkpoint\": 7, \"all\": 1, \"positions\": [{\"instrument\": " + quoted + ", \"account\": " + quoted + ", \"volume_long\": 3, \"volume_short\": 0, \"margin_long\": 10.5,"
                + " \"margin_short\": 0, \"last_price\": 1.5, \"float_profit_long\": 2, \"float_profit_short\": 0}]}");
        put("/v1/ledger/orders", () -> "{\"checkpoint\": 7, \"all\": 1, \"orders\": [{\"instrument\": " + quoted + ", \"order_id\": " + quoted + ", \"account\": " + quoted + ", \"direction\": \"BUY\", \"offset\": \"OPEN\","
                + " \"price\": 1.5, \"volume\": 3, \"volume_left\": 2, \"frozen_money\": 4.5}]}");
        put("/v1/query", () -> "[{\"event_time\": \"2026-01-05 01:30:00+00\", \"trading_day\": 20260105, \"reason\": \"unknown_order\", \"instrument\": " + quoted + ", \"account\": " + quoted + ", \"order_id\": " + quoted
                + ", \"trade_id\": null, \"detail\": " + quoted + "}]");
        put("/v1/storage", () -> fullStorage(name));
        put("/v1/storage/history", () -> "{\"samples\": [" + sample(3, 1_000) + "," + sample(2, 2_000) + "," + sample(1, 4_000) + "]}");
        put("/v1/dead-letters", () -> "{\"place\": " + quoted + ", \"letters\": 1, \"sentAgain\": 0, \"reasons\": [{\"reason\": " + quoted + ", \"letters\": 1, \"sentAgain\": 0}], \"matching\": 1, \"newest\": ["
                + letter(name, "") + "]}");
        put("/admin/operations", () -> "{\"operations\": [{\"id\": 1, \"kind\": \"checkpoint\", \"user\": " + quoted + ", \"state\": \"FAILED\", \"startedMs\": 1767576600000, \"endedMs\": 1767576601000, \"result\": " + quoted
                + "}]}");
        return this;
    }

    /** A letter, with more members. */
    static String letter(String name, String more) {
        String quoted = JSON.getNodeFactory().textNode(name).toString();
        return "{\"position\": " + quoted + ", \"reason\": " + quoted + ", \"detail\": " + quoted + ", \"writtenAt\": \"2026-01-05T01:30:00Z\", \"messageAt\": null, \"lengthBytes\": 12, \"isCut\": false,"
                + " \"sentAgainAt\": null, \"preview\": " + quoted + more + "}";
    }

    private static String sample(int ago, long flushed) {
        return JSON.createObjectNode().put("at", System.currentTimeMillis() - ago * 10_000L).put("flushedBytes", flushed).put("compactedBytes", flushed * 2).put("memtableBytes", 5_000 * ago)
                .put("memoryBytes", 1_000_000).put("fileBytes", flushed).put("level0Depth", 2).put("stalls", 3 - ago).put("stallMicros", 1_000 * (3 - ago)).toString();
    }

    static String instrument(String name) {
        return JSON.createObjectNode().put("instrument", name).put("exchange", "SHFE").put("timeZone", "Asia/Shanghai").put("priceTick", 0.1).put("multiplier", 10).put("storedRows", 990).put("hotRows", 500)
                .put("coldRows", 490).put("hotBytes", 50_000).put("coldBytes", 9_000).put("lateRows", 1).put("duplicates", 4).put("deadLetters", 4).put("newestEvent", "2026-01-05T01:30:00Z")
                .put("archivedBefore", "2026-01-05T01:00:00Z").toString();
    }

    private static String account(String name) {
        ObjectNode account = JSON.createObjectNode().put("account", name).put("balance", 12.5).put("money", 10).put("frozen", 1).put("margin", 1.5).put("close_profit", 2).put("float_profit", -1)
                .put("commission", 0.5).put("risk_ratio", 0.12).put("reported_at_ns", 1_767_576_600_000_000_000L).put("report_outdated", false);
        account.putObject("differences").putObject("balance").put("reported", 13).put("booked", 12.5);
        return account.toString();
    }

    private static String ledger(List<String> problems) {
        ObjectNode sums = JSON.createObjectNode().put("checkpoint", 7).put("accounts", problems.size()).put("positions", 0).put("orders", 0).put("waiting_trades", 0).put("money_in", 0).put("accounted_for", 0)
                .put("money", 0).put("frozen", 0).put("margin", 0).put("close_profit", 0).put("commission", 0).put("reports", 0).put("report_differences", 0).put("accounts_reported", problems.size())
                .put("accounts_not_as_reported", problems.size()).put("adds_up", problems.isEmpty());
        sums.putObject("alerts");
        problems.forEach(sums.putArray("problems")::add);
        return sums.toString();
    }

    private static String status(Map<String, Long> figures, Map<String, Long> reasons, int checkpoints) {
        ObjectNode status = JSON.createObjectNode().put("at", Instant.now().toString()).put("taskManagers", 1).put("slots", 4).put("freeSlots", 2).put("id", "0123456789abcdef0123456789abcdef")
                .put("name", "exchange-job").put("state", "RUNNING").put("startedAt", Instant.now().minusSeconds(90).toString()).put("restarts", 0);
        status.putArray("operators").addObject().put("name", "Event store").put("state", "RUNNING").put("parallelism", 2);
        ObjectNode all = status.putObject("figures");
        all.set("byName", JSON.valueToTree(figures));
        all.set("byReason", JSON.valueToTree(reasons));
        ObjectNode flink = status.putObject("checkpoints").put("intervalMs", 10_000).put("completed", checkpoints).put("failed", 0).put("running", 0);
        ArrayNode newest = flink.putArray("newest");
        for (int i = 0; i < checkpoints; i++) {
            newest.addObject().put("id", checkpoints - i).put("state", "COMPLETED").put("savepoint", i == 1).put("at", "2026-01-05T01:30:00Z").put("durationMs", 20 + i).put("bytes", 5_000).put("newBytes", 500)
                    .put("path", "file:/checkpoints/chk-" + i);
        }
        status.putNull("failure");
        ArrayNode alerts = status.putArray("alerts");
        if (checkpoints > 0) {
            alerts.addObject().put("severity", "WARNING").put("title", "Messages wait and none is stored").put("detail", "12 messages wait").put("action", "Look at the log of the TaskManager.");
        }
        return status.toString();
    }

    /** A storage document with some of everything. */
    static String fullStorage(String name) {
        return storage(JSON.createArrayNode().add(JSON.createObjectNode().put("table", name).put("tradingDay", "2026-01-05").put("files", 3).put("bytes", 3_000).put("rawBytes", 9_000)
                .put("rows", 100).put("compacted", 0).put("smallFiles", 3).put("heldFiles", 1)
                .set("tiers", tiers())));
    }

    private static ObjectNode tiers() {
        ObjectNode tiers = JSON.createObjectNode();
        tiers.putObject("local").put("files", 1).put("bytes", 1_000);
        tiers.putObject("remote").put("files", 2).put("bytes", 2_000);
        return tiers;
    }

    private static String storage(ArrayNode days) {
        ObjectNode document = JSON.createObjectNode();
        ArrayNode subtasks = document.putArray("subtasks");
        if (!days.isEmpty()) {
            ObjectNode subtask = subtasks.addObject().put("subtask", 0).put("archiveEpoch", "e").put("filesHandedOver", 3).put("instrumentsWithArchive", 1).put("nextCompaction", "events: nothing is due\n  level 0: score 0.25\n");
            subtask.putArray("heldCheckpoints").add(6).add(7);
            ObjectNode level = subtask.putArray("levels").addObject().put("family", "events").put("style", "LEVELED").put("place", 0).put("isWindow", false).put("entries", 100).put("deletes", 0);
            level.putArray("fileBytes").add(1_000).add(2_000);
            level.putArray("fileNumbers").add(4).add(9);
            level.putArray("fileNewestTimes").add(1_767_576_600_000_000_000L).add(Long.MAX_VALUE);
            subtask.putObject("statistics").put("files.bytes", 3_000).put("files", 2).put("memtable.active.bytes", 100).put("memtable.frozen.bytes", 0).put("flush.bytes", 1_000).put("compaction.written.bytes", 2_000)
                    .put("level0.depth", 2).put("memory.budget.bytes", 1_000_000);
            subtask.putObject("askedCompaction").put("state", "NONE");
        }
        ObjectNode archive = document.putObject("archive").put("manifestVersion", days.isEmpty() ? 0 : 4).put("files", days.isEmpty() ? 0 : 3).put("bytes", days.isEmpty() ? 0 : 3_000).put("rows", days.isEmpty() ? 0 : 100)
                .put("retiredFiles", days.isEmpty() ? 0 : 1).put("supersededFiles", 0).put("holds", days.isEmpty() ? 0 : 1);
        ArrayNode holds = archive.putArray("legalHolds");
        ArrayNode retired = archive.putArray("retired");
        ArrayNode expired = archive.putArray("expired");
        ArrayNode epochs = archive.putArray("epochs");
        if (!days.isEmpty()) {
            holds.addObject().put("id", "case-7").put("table", "tick").putNull("instrument").put("tradingDay", "2026-01-05").put("reason", "asked for by the court").put("since", "2026-01-06T00:00:00Z");
            retired.addObject().put("reason", "compacted").put("files", 1).put("bytes", 1_000).put("since", "2026-01-06T00:00:00Z");
            expired.addObject().put("table", "tick").put("rows", 100).put("newestTradingDay", "2025-12-01").put("at", "2026-01-06T00:00:00Z");
            archive.set("tiers", tiers());
            archive.putArray("objectStores").add("s3://cold-" + days.get(0).get("table").asText());
            epochs.addObject().put("id", "e").putNull("parent").put("restoredCheckpoint", 0).put("job", "j").put("startedAt", "2026-01-05T00:00:00Z").put("isCurrent", true).put("files", 3).put("supersededFiles", 0);
        }
        archive.set("days", days);
        return document.toString();
    }

    @Override
    public void close() throws Exception {
        release();
        server.stop();
    }
}
