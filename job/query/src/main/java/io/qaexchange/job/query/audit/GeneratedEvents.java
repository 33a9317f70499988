package io.qaexchange.job.query.audit;

import io.qaexchange.events.EventView;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.events.generator.GeneratedMessage;

/** The messages of the generator, generated again from the seed, independently of the job. */
public final class GeneratedEvents implements SentEvents {

    private final long seed;
    private final long messages;
    private long duplicates = -1;
    private long deadLetters = -1;

    /** The list of that seed and number of messages. */
    public GeneratedEvents(long seed, long messages) {
        this.seed = seed;
        this.messages = messages;
    }

    @Override
    public long messages() {
        return messages;
    }

    @Override
    public long duplicates() throws Exception {
        countOnce();
        return duplicates;
    }

    @Override
    public long deadLetters() throws Exception {
        countOnce();
        return deadLetters;
    }

    @Override
    public void forEachStored(Visitor visitor) throws Exception {
        EventGenerator generator = new EventGenerator(seed, messages);
        EventView view = new EventView();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate().isStored()) {
                visitor.accept(view.wrap(message.event()), message.identity());
            }
        }
        duplicates = generator.count(Fate.DUPLICATE);
        deadLetters = generator.count(Fate.CONFLICT) + generator.count(Fate.UNDECODABLE);
    }

    private void countOnce() throws Exception {
        if (duplicates < 0) {
            forEachStored((event, identity) -> { });
        }
    }
}
