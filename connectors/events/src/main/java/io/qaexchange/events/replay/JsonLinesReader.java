package io.qaexchange.events.replay;

import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventJson;
import io.qaexchange.events.RejectionReason;
import io.qaexchange.events.MalformedEventException;
import java.nio.file.Path;

/** JSON lines: one event per line, as {@link io.qaexchange.events.EventJson} describes; source and sequence are file and line unless given. */
final class JsonLinesReader extends LineReader {

    private final EventDecoder decoder = new EventDecoder();
    private final EventBuilder builder = new EventBuilder();

    private JsonLinesReader(LineFile file) {
        super(file);
    }

    static JsonLinesReader open(Path path) {
        return new JsonLinesReader(LineFile.open(path));
    }

    @Override
    void read(byte[] line) {
        int start = EventJson.start(line);
        if (start == line.length) {
            return;
        }
        if (line[start] != '{') {
            throw new MalformedEventException(RejectionReason.BAD_JSON,
                    "line does not begin with {; an event stands on one line, so JSON over several lines must be joined");
        }
        Decoded decoded = decoder.decode(line);
        if (!decoded.isAccepted()) {
            bad(decoded.rejection());
        } else if (decoder.event().hasOwnIdentity()) {
            addEvent(decoded.event());
        } else {
            addEvent(builder.copyOf(decoder.event()).identity(file().name(), file().number()).build());
        }
    }

    @Override
    public long unknownKeys() {
        return decoder.unknownKeys();
    }
}
