package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.qaexchange.job.cli.read.ServeCommand;
import io.qaexchange.job.stream.ExchangeJob;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.FlinkSessionJob;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * The files for Kubernetes, read with the model classes of the operator and of Kubernetes: a misspelt or misplaced name fails. No cluster is asked.
 *
 * <p>The operator's classes are of 1.10, the newest that could be had, which knows Flink up to 1.20: {@code flinkVersion} alone is not checked.
 */
class KubernetesFilesTest {

    private static final Path FOLDER = Path.of("../../flink-conf/kubernetes").toAbsolutePath().normalize();
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory()).enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final Map<String, Class<?>> KINDS = Map.of("FlinkDeployment", FlinkDeployment.class, "FlinkSessionJob", FlinkSessionJob.class, "Deployment",
            Deployment.class, "Service", Service.class, "Secret", Secret.class);
    private static final String OUR_VERSION = "v2_3";
    private static final String KNOWN_VERSION = "v1_20";

    private static List<JsonNode> documents() throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file : files.filter(one -> one.toString().endsWith(".yaml")).sorted().toList()) {
                YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile()).forEachRemaining(documents::add);
            }
        }
        return documents;
    }

    private static List<JsonNode> documents(String kind) throws IOException {
        return documents().stream().filter(document -> document.get("kind").asText().equals(kind)).toList();
    }

    @Test
    void everyNameIsOneThatTheModelHas() throws IOException {
        assertThat(documents()).hasSize(8);
        for (JsonNode document : documents()) {
            String kind = document.get("kind").asText();
            if (kind.equals("FlinkDeployment")) {
                assertThat(document.at("/spec/flinkVersion").asText()).isEqualTo(OUR_VERSION);
                ((ObjectNode) document.get("spec")).put("flinkVersion", KNOWN_VERSION);
            }
            Object read = YAML.treeToValue(document, KINDS.get(kind));
            requireSame(kind, document, new ObjectMapper().valueToTree(read));
            requireNothingUnknown(kind, read, new TreeSet<>());
        }
    }

    @Test
    void aMisspeltNameWouldFail() throws IOException {
        JsonNode deployment = documents("Deployment").get(0);
        ObjectNode container = (ObjectNode) deployment.at("/spec/template/spec/containers/0");
        container.set("livenesProbe", container.remove("livenessProbe"));
        Object read = YAML.treeToValue(deployment, Deployment.class);
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> requireNothingUnknown("Deployment", read, new TreeSet<>())))
                .isInstanceOf(AssertionError.class).hasMessageContaining("livenesProbe");
    }

    @Test
    void theJobAndTheServerTakeTheirArguments() throws IOException {
        List<JsonNode> jobs = new ArrayList<>(documents("FlinkSessionJob"));
        documents("FlinkDeployment").stream().filter(deployment -> deployment.at("/spec/job").isObject()).forEach(jobs::add);
        assertThat(jobs).hasSize(2);
        for (JsonNode job : jobs) {
            assertThat(job.at("/spec/job/entryClass").asText()).isEqualTo(ExchangeJob.class.getName());
            Map<String, String> options = new LinkedHashMap<>();
            for (Iterator<JsonNode> arguments = job.at("/spec/job/args").elements(); arguments.hasNext();) {
                options.put(arguments.next().asText().substring(2), arguments.next().asText());
            }
            assertThat(JobOptions.of(options, "yaml")).isNotNull();
        }
        List<String> command = new ArrayList<>();
        documents("Deployment").get(0).at("/spec/template/spec/containers/0/command").forEach(part -> command.add(part.asText()));
        assertThat(command.get(0)).isEqualTo("/opt/qaexchange/bin/serve");
        Set<String> known = new CommandLine(new ServeCommand()).getCommandSpec().optionsMap().keySet();
        for (int i = 1; i < command.size(); i += 2) {
            assertThat(known).contains(command.get(i));
        }
    }

    @Test
    void secretsPortsAndPathsFit() throws IOException {
        Set<String> secrets = new TreeSet<>();
        documents("Secret").forEach(secret -> secrets.add(secret.at("/metadata/name").asText()));
        Set<String> named = new TreeSet<>();
        for (JsonNode document : documents()) {
            document.findValues("secretRef").forEach(reference -> named.add(reference.get("name").asText()));
            document.findValues("secretKeyRef").forEach(reference -> named.add(reference.get("name").asText()));
            document.findValuesAsText("secretName").forEach(named::add);
        }
        assertThat(named).isEqualTo(secrets);

        JsonNode pod = documents("Deployment").get(0).at("/spec/template");
        Set<String> ports = new TreeSet<>();
        pod.at("/spec/containers/0/ports").forEach(port -> ports.add(port.get("name").asText()));
        JsonNode service = documents("Service").get(0);
        service.at("/spec/ports").forEach(port -> assertThat(ports).contains(port.get("targetPort").asText()));
        service.at("/spec/selector").fields().forEachRemaining(label -> assertThat(pod.at("/metadata/labels").get(label.getKey())).isEqualTo(label.getValue()));

        String image = Files.readString(FOLDER.resolve("Dockerfile"));
        JsonNode application = documents("FlinkDeployment").stream().filter(one -> one.at("/spec/job").isObject()).findFirst().orElseThrow();
        assertThat(image).contains("cluster.jar " + application.at("/spec/job/jarURI").asText().substring("local://".length()));
        assertThat(application.at("/spec/flinkConfiguration/execution.checkpointing.unaligned.enabled").asText()).isEqualTo("false");
        assertThat(Files.readString(FOLDER.resolve("secrets.yaml"))).as("no secret in the repository").doesNotContainPattern("(?m)^  [A-Z_]+: (?!REPLACE)");
    }

    /** Each value of the file is in what was read: nothing was ignored. */
    private static void requireSame(String path, JsonNode file, JsonNode read) {
        if (file.isObject()) {
            file.fields().forEachRemaining(field -> {
                assertThat(read == null ? null : read.get(field.getKey())).as("%s.%s", path, field.getKey()).isNotNull();
                requireSame(path + "." + field.getKey(), field.getValue(), read.get(field.getKey()));
            });
        } else if (file.isArray()) {
            assertThat(read.size()).as(path).isEqualTo(file.size());
            for (int i = 0; i < file.size(); i++) {
                requireSame(path + "[" + i + "]", file.get(i), read.get(i));
            }
        } else if (file.isNumber()) {
            assertThat(read.asDouble()).as(path).isEqualTo(file.asDouble());
        } else {
            assertThat(read.asText()).as(path).isEqualTo(file.asText());
        }
    }

    /** Kubernetes' classes take unknown names aside. */
    private static void requireNothingUnknown(String path, Object read, Set<String> seen) {
        if (read instanceof Iterable<?> many) {
            many.forEach(one -> requireNothingUnknown(path + "[]", one, seen));
        } else if (read != null && read.getClass().getName().matches("(io\\.fabric8|org\\.apache\\.flink\\.kubernetes)\\..*") && !read.getClass().isEnum()
                && seen.add(path + "@" + System.identityHashCode(read))) {
            for (java.lang.reflect.Method getter : read.getClass().getMethods()) {
                if (getter.getParameterCount() != 0 || !getter.getName().startsWith("get") || getter.getName().equals("getClass")) {
                    continue;
                }
                try {
                    Object value = getter.invoke(read);
                    if (getter.getName().equals("getAdditionalProperties")) {
                        assertThat((Map<?, ?>) value).as(path).isEmpty();
                    } else {
                        requireNothingUnknown(path + "." + getter.getName(), value, seen);
                    }
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(path + "." + getter.getName(), e);
                }
            }
        }
    }
}
