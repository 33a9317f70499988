package io.qaexchange.job.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The file {@code server.json} in the folder of a demo or a cluster: which query server serves it. Commands that are given the folder ask that
 * server.
 *
 * <p>A file of a server that was killed stays. So the server has an id, and a server counts only if it answers with the id in the file.
 * Stateless.
 */
public record ServerFile(Path folder) {

    private static final String NAME = "server.json";
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The server of this folder can be asked from now on. */
    public void write(URI address, String id) throws IOException {
        Path beside = folder.resolve("." + NAME + ".new");
        JSON.writeValue(beside.toFile(), Map.of("address", address.toString(), "id", id));
        Files.move(beside, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The server has stopped. Does nothing if the file names another one. */
    public void remove(String id) throws IOException {
        Path file = folder.resolve(NAME);
        if (Files.exists(file) && JSON.readTree(file.toFile()).path("id").asText().equals(id)) {
            Files.deleteIfExists(file);
        }
    }

    /** The address of the server that serves this folder and answers now. */
    public Optional<URI> find() throws IOException, InterruptedException {
        Path file = folder.resolve(NAME);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode named = JSON.readTree(file.toFile());
        URI address = URI.create(named.path("address").asText());
        try {
            HttpResponse<String> answer = ServerClient.HTTP.send(HttpRequest.newBuilder(address.resolve("/healthz")).timeout(PATIENCE).build(),
                    HttpResponse.BodyHandlers.ofString());
            boolean same = answer.statusCode() == 200 && JSON.readTree(answer.body()).path("server").asText().equals(named.path("id").asText());
            return same ? Optional.of(address) : Optional.empty();
        } catch (javax.net.ssl.SSLException e) {
            throw new IOException("the certificate of the server at " + address + " is not trusted here: " + e.getMessage()
                    + ". Trust it with JAVA_OPTS='-Djavax.net.ssl.trustStore=FILE -Djavax.net.ssl.trustStorePassword=…'", e);
        } catch (IOException e) {
            // Nobody answers there any more.
            return Optional.empty();
        }
    }
}
