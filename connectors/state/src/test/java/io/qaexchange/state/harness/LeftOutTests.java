package io.qaexchange.state.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;

/** Leaves out the tests of Flink that {@code harness/left-out.txt} names, with their reasons. No other test is touched. */
public final class LeftOutTests implements PostDiscoveryFilter {
    private final Map<String, String> reasons = read();

    private static Map<String, String> read() {
        Map<String, String> reasons = new HashMap<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                LeftOutTests.class.getResourceAsStream("/harness/left-out.txt"), StandardCharsets.UTF_8))) {
            String reason = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("= ")) {
                    reason = line.substring(2);
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    reasons.put(line, reason);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return reasons;
    }

    @Override
    public FilterResult apply(TestDescriptor test) {
        if (!(test.getSource().orElse(null) instanceof MethodSource method)) {
            return FilterResult.included("not a method");
        }
        String reason = reasons.getOrDefault(method.getClassName() + '#' + method.getMethodName(), reasons.get(method.getClassName() + "#*"));
        return reason == null ? FilterResult.included("for every backend") : FilterResult.excluded(reason);
    }
}
