package io.qaexchange.iceberg;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import javax.annotation.Nullable;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.RESTCatalogProperties;
import org.apache.iceberg.rest.RESTSerializers;
import org.apache.iceberg.rest.requests.CreateNamespaceRequest;
import org.apache.iceberg.rest.requests.RegisterTableRequest;
import org.apache.iceberg.rest.requests.UpdateTableRequest;
import org.apache.iceberg.rest.responses.ConfigResponse;
import org.apache.iceberg.rest.responses.ErrorResponse;

/** A REST catalogue as others run it: Iceberg's own handlers over a catalogue, behind HTTP. */
final class RestCatalogServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    static {
        JSON.setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY);
        JSON.configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        JSON.setPropertyNamingStrategy(new PropertyNamingStrategies.KebabCaseStrategy());
        RESTSerializers.registerAll(JSON);
    }

    private final HttpServer server;
    private final JdbcCatalog catalog;

    private RestCatalogServer(HttpServer server, JdbcCatalog catalog) {
        this.server = server;
        this.catalog = catalog;
    }

    static RestCatalogServer start(JdbcCatalog catalog) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        RestCatalogServer started = new RestCatalogServer(server, catalog);
        server.createContext("/", started::answer);
        server.start();
        return started;
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        int status = 200;
        Object body;
        try {
            body = handle(exchange, exchange.getRequestURI().getPath().substring(1).split("/"));
            status = body == null ? 204 : 200;
        } catch (RuntimeException e) {
            status = e instanceof NoSuchTableException || e instanceof NoSuchNamespaceException ? 404
                    : e instanceof AlreadyExistsException || e instanceof CommitFailedException ? 409 : e instanceof IllegalArgumentException ? 400 : 500;
            body = ErrorResponse.builder().responseCode(status).withType(e.getClass().getSimpleName()).withMessage(String.valueOf(e.getMessage())).build();
        }
        byte[] bytes = body == null || exchange.getRequestMethod().equals("HEAD") ? new byte[0] : JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Nullable
    private Object handle(HttpExchange exchange, String[] path) throws IOException {
        String method = exchange.getRequestMethod();
        if (path.length < 2 || !path[0].equals("v1")) {
            throw new NoSuchNamespaceException("there is nothing at %s", exchange.getRequestURI());
        }
        if (path[1].equals("config")) {
            return ConfigResponse.builder().build();
        }
        if (path.length == 2) {
            return CatalogHandlers.createNamespace(catalog, JSON.readValue(exchange.getRequestBody(), CreateNamespaceRequest.class));
        }
        Namespace namespace = Namespace.of(path[2]);
        if (path.length == 3) {
            return CatalogHandlers.loadNamespace(catalog, namespace);
        }
        if (path[3].equals("register")) {
            return CatalogHandlers.registerTable(catalog, namespace, JSON.readValue(exchange.getRequestBody(), RegisterTableRequest.class));
        }
        TableIdentifier table = TableIdentifier.of(namespace, path[4]);
        return switch (method) {
            case "POST" -> CatalogHandlers.updateTable(catalog, table, JSON.readValue(exchange.getRequestBody(), UpdateTableRequest.class));
            case "DELETE" -> {
                CatalogHandlers.dropTable(catalog, table);
                yield null;
            }
            default -> CatalogHandlers.loadTable(catalog, table, RESTCatalogProperties.SnapshotMode.ALL);
        };
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
