package io.qaexchange.job.server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AdmissionTest {

    private static final long LONG_MS = 30_000;

    private static CompletableFuture<Void> enters(Admission admission, List<String> order, String name) {
        return CompletableFuture.runAsync(() -> {
            try (Admission.Place place = admission.enter()) {
                order.add(name);
            } catch (Admission.RefusedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static void awaitWaiting(Admission admission, int waiting) {
        while (admission.queued() < waiting) {
            Thread.onSpinWait();
        }
    }

    /** Whoever ends a query and begins the next at once would overtake those that wait, again and again. */
    @Test
    void whoWaitsIsServedBeforeWhoComes() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        Admission admission = new Admission(1, 10, LONG_MS);
        Admission.Place first = admission.enter();
        CompletableFuture<Void> waits = enters(admission, order, "waits");
        awaitWaiting(admission, 1);
        first.close();
        try (Admission.Place place = admission.enter()) {
            order.add("comes");
        }
        waits.join();
        assertThat(order).containsExactly("waits", "comes");
        assertThat(admission.running()).isZero();
        assertThat(admission.waiting()).isZero();
    }

    @Test
    void refusesWhenTooManyWaitOrNoneEnds() throws Exception {
        Admission admission = new Admission(1, 1, 50);
        Admission.Place first = admission.enter();
        assertThatThrownBy(admission::enter).isInstanceOf(Admission.RefusedException.class).hasMessage("no query ended within 50 ms. Try again in a moment");
        Admission patient = new Admission(1, 1, LONG_MS);
        try (Admission.Place place = patient.enter()) {
            CompletableFuture<Void> waits = enters(patient, new ArrayList<>(), "waits");
            awaitWaiting(patient, 1);
            assertThatThrownBy(patient::enter).isInstanceOf(Admission.RefusedException.class).hasMessage("1 queries run and 1 wait. Try again in a moment")
                    .satisfies(refused -> assertThat(((Admission.RefusedException) refused).isQueueFull()).isTrue());
            place.rest();
            waits.join();
            place.resume();
        }
        first.close();
        assertThat(admission.running()).isZero();
        assertThat(patient.running()).isZero();
        assertThat(patient.waiting()).isZero();
    }
}
