package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class EventRoundTripProperties {

    private final EventDecoder decoder = new EventDecoder();

    @Property(tries = 2000)
    void everyEventGoesThroughJsonAndBackToTheSameBytes(@ForAll long seed) {
        byte[] event = RandomEvents.event(EventSchema.get(), new Random(seed));
        String json = EventJson.write(new EventView().wrap(event));
        assertThat(json).doesNotContain("\n");
        Decoded decoded = decoder.decode(json.getBytes(StandardCharsets.UTF_8));
        assertThat(decoded.rejection()).as(json).isNull();
        assertThat(decoded.event()).isEqualTo(event);
    }

    @Property(tries = 2000)
    void everyBuiltEventIsAcceptedAsItStands(@ForAll long seed) {
        byte[] event = RandomEvents.event(EventSchema.get(), new Random(seed));
        Decoded decoded = decoder.decode(event);
        assertThat(decoded.rejection()).isNull();
        assertThat(decoded.event()).isSameAs(event);
    }

    @Property(tries = 2000)
    void copyingEveryFieldIntoABuilderGivesTheSameBytes(@ForAll long seed) {
        byte[] event = RandomEvents.event(EventSchema.get(), new Random(seed));
        EventBuilder builder = new EventBuilder().copyOf(new EventView().wrap(event));
        assertThat(builder.build()).isEqualTo(event);
    }
}
