package io.qaexchange.job.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.iceberg.IcebergCatalog;
import io.qaexchange.iceberg.NanosecondView;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * A read-only Iceberg REST catalogue of the archive's tables, under {@value #PREFIX}, in one namespace for each {@link NanosecondView}. Clients open the
 * data files themselves, where they lie. Thread-safe.
 */
public final class IcebergRoutes {

    static final String PREFIX = "/iceberg/";
    private static final String NAMESPACES = "/iceberg/v1/namespaces";
    /** Requests that a client may send, in the specification's words: it refuses all others itself. */
    private static final List<String> ENDPOINTS = List.of("GET /v1/{prefix}/namespaces", "GET /v1/{prefix}/namespaces/{namespace}",
            "HEAD /v1/{prefix}/namespaces/{namespace}", "GET /v1/{prefix}/namespaces/{namespace}/tables",
            "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}", "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}");

    /** Clients ask for metadata tables in a namespace of two levels; the specification's own sign between them is a control character, which HTTP servers refuse. */
    private static final Map<String, String> OVERRIDES = Map.of("namespace-separator", "%2E");

    private final ContinuousMirror.Archive archive;
    @Nullable
    private final ContinuousMirror mirror;

    /** @param mirror keeps the tables up to date; null if this server does not */
    public IcebergRoutes(ContinuousMirror.Archive archive, @Nullable ContinuousMirror mirror) {
        this.archive = archive;
        this.mirror = mirror;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/iceberg", Role.READER, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, status());
        });
        endpoint.add("GET", "/iceberg/v1/config", Role.READER,
                (exchange, path) -> exchange.json(200, Map.of("defaults", Map.of(), "overrides", OVERRIDES, "endpoints", ENDPOINTS)));
        endpoint.add("GET", NAMESPACES, Role.READER, (exchange, path) -> namespaces(exchange));
        endpoint.add("GET", NAMESPACES + "/*", Role.READER, this::inNamespace);
    }

    private Map<String, Object> status() throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("tables", IcebergCatalog.of(archive.open()).tables());
        document.put("syncs", mirror != null);
        if (mirror != null) {
            ContinuousMirror.State state = mirror.state();
            document.put("mirrorVersion", state.mirrorVersion());
            document.put("newestVersion", state.newestVersion());
            document.put("lag", state.lag());
            document.put("behindSeconds", mirror.behindSeconds());
            document.put("failedSyncs", state.failures());
            document.put("problem", state.problem());
        }
        return document;
    }

    private static void namespaces(Exchange exchange) throws IOException {
        String parent = exchange.parameter("parent", "");
        if (!parent.isEmpty() && viewOf(parent) == null) {
            throw noNamespace(parent);
        }
        exchange.json(200, Map.of("namespaces", parent.isEmpty() ? names().stream().map(List::of).toList() : List.of()));
    }

    private static List<String> names() {
        return Arrays.stream(NanosecondView.values()).map(NanosecondView::namespace).toList();
    }

    @Nullable
    private static NanosecondView viewOf(String namespace) {
        return Arrays.stream(NanosecondView.values()).filter(view -> view.namespace().equals(namespace)).findAny().orElse(null);
    }

    /** A namespace, its tables, or one of them. */
    private void inNamespace(Exchange exchange, String path) throws IOException {
        String[] parts = path.split("/", -1);
        NanosecondView view = viewOf(parts[0]);
        if (view == null) {
            // A client that asks for a table takes only this answer as a reason to look for a metadata table of that name.
            throw parts.length == 3 ? noTable(parts[0], parts[2], "", List.of()) : noNamespace(parts[0]);
        }
        if (parts.length == 1) {
            exchange.json(200, Map.of("namespace", List.of(parts[0]), "properties", Map.of()));
        } else if (parts.length == 2 && parts[1].equals("tables")) {
            exchange.json(200, Map.of("identifiers", IcebergCatalog.of(archive.open()).tables().stream()
                    .map(name -> Map.of("namespace", List.of(parts[0]), "name", name)).toList()));
        } else if (parts.length == 3 && parts[1].equals("tables")) {
            load(exchange, view, parts[2]);
        } else {
            throw new Problem(404, "no-such-path", "there is nothing at " + NAMESPACES + "/" + path + ": this catalogue has namespaces and tables only");
        }
    }

    private void load(Exchange exchange, NanosecondView view, String name) throws IOException {
        IcebergCatalog catalog = IcebergCatalog.of(archive.open());
        IcebergCatalog.Metadata metadata = catalog.load(name, view);
        if (metadata == null) {
            throw noTable(view.namespace(), name, catalog.tables().isEmpty() ? ". There are no Iceberg tables yet: run bin/table sync, or start bin/serve with --iceberg" : "",
                    catalog.tables());
        }
        String snapshots = exchange.parameter("snapshots", "all");
        if (!snapshots.equals("all") && !snapshots.equals("refs")) {
            throw Problem.badRequest("bad-parameter", "parameter snapshots: " + snapshots + " is none of all, refs");
        }
        String tag = "\"" + view.namespace() + "-" + metadata.version() + "-" + snapshots + "\"";
        exchange.setHeader("ETag", tag);
        if (tag.equals(exchange.header("If-None-Match"))) {
            exchange.text(304, "application/json", "");
            return;
        }
        ObjectNode document = Exchange.JSON.createObjectNode();
        document.put("metadata-location", metadata.location());
        JsonNode json = Exchange.JSON.readTree(metadata.json());
        document.set("metadata", snapshots.equals("refs") ? withoutOthers(json) : json);
        document.putObject("config");
        exchange.compactJson(200, document);
    }

    /** Only snapshots of branches and tags: the client asks for the others when it needs them. */
    private static JsonNode withoutOthers(JsonNode metadata) {
        Set<Long> named = new HashSet<>();
        metadata.path("refs").forEach(ref -> named.add(ref.path("snapshot-id").asLong()));
        ArrayNode some = Exchange.JSON.createArrayNode();
        metadata.path("snapshots").forEach(snapshot -> {
            if (named.contains(snapshot.path("snapshot-id").asLong())) {
                some.add(snapshot);
            }
        });
        ((ObjectNode) metadata).set("snapshots", some);
        return metadata;
    }

    private static Problem noTable(String namespace, String name, String more, List<String> near) {
        return Problem.unknown("no-such-table", "Table does not exist: " + namespace + "." + name + more, near);
    }

    private static Problem noNamespace(String name) {
        return Problem.unknown("no-such-namespace", "Namespace does not exist: " + name, names());
    }

    /** A problem in the form that the specification of the catalogue has. */
    static Map<String, Object> errorOf(Problem problem) {
        String type = switch (problem.status()) {
            case 401 -> "NotAuthorizedException";
            case 403 -> "ForbiddenException";
            case 404 -> problem.code().equals("no-such-namespace") ? "NoSuchNamespaceException" : problem.code().equals("no-such-table") ? "NoSuchTableException"
                    : "NotFoundException";
            case 405 -> "UnsupportedOperationException";
            case 503 -> "ServiceUnavailableException";
            default -> problem.status() < 500 ? "BadRequestException" : "InternalServerError";
        };
        String message = problem.status() == 405 ? problem.getMessage() + ". This catalogue is read-only: the archive decides what is in its tables"
                : problem.getMessage();
        return Map.of("error", Map.of("message", message, "type", type, "code", problem.status()));
    }
}
