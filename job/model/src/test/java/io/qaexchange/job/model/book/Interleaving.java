package io.qaexchange.job.model.book;

import io.qaexchange.events.EventView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Events in another order that Kafka may bring them in: each route key's stay in theirs. */
public final class Interleaving {

    private Interleaving() {
    }

    /** A random interleaving of the route keys' events. */
    public static List<byte[]> of(List<byte[]> events, long seed) {
        Map<String, List<byte[]>> byRouteKey = new LinkedHashMap<>();
        EventView view = new EventView();
        for (byte[] event : events) {
            byRouteKey.computeIfAbsent(view.wrap(event).routeKey(), key -> new ArrayList<>()).add(event);
        }
        List<List<byte[]>> queues = new ArrayList<>(byRouteKey.values());
        List<byte[]> out = new ArrayList<>();
        Random random = new Random(seed);
        while (!queues.isEmpty()) {
            List<byte[]> queue = queues.get(random.nextInt(queues.size()));
            out.add(queue.remove(0));
            queues.removeIf(List::isEmpty);
        }
        return out;
    }
}
