package io.qaexchange.job.query.live;

import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.io.Serializable;
import java.util.function.Consumer;

/**
 * Hot rows of a {@link LiveRead} that one subtask has. Any process that reaches the subtask can read them, as long as the read is open. Immutable.
 *
 * @param endpoint where they are read
 * @param request what is asked for there
 */
public record HotPart(EndpointAnnouncement endpoint, LiveRequest.Scan request) implements Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * Reads the rows, in the same order each time.
     *
     * @throws io.qaexchange.job.model.live.LiveException if the subtask or its pin has gone
     */
    public void scan(EndpointPool pool, LiveRead.Rows rows) throws IOException {
        pool.use(endpoint, connection -> {
            connection.scan(request, rows::accept);
            return null;
        });
    }

    /**
     * Reads bars of the rows, whose first and last row and sums add up.
     *
     * @param widthSeconds width of the bars, which begin at multiples of it since 1970
     */
    void bars(EndpointPool pool, int widthSeconds, Consumer<FileBars> bars) throws IOException {
        pool.use(endpoint, connection -> {
            connection.bars(new LiveRequest.Bars(request, widthSeconds), bars);
            return null;
        });
    }
}
