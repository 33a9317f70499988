package io.qaexchange.job.model.book;

import io.qaexchange.events.Utf8View;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * State of one instrument: orders, positions and waiting trades. An object that was read and changed must be put back.
 */
public interface BookState {

    /** The open order of that id, or null. */
    @Nullable
    Order order(String id) throws Exception;

    /** As {@link #order(String)}. */
    @Nullable
    default Order order(Utf8View id) throws Exception {
        return order(id.toString());
    }

    void putOrder(Order order) throws Exception;

    void removeOrder(String id) throws Exception;

    /** All open orders, in no order. */
    List<Order> orders() throws Exception;

    /** The position of that account, or null. */
    @Nullable
    Position position(String account) throws Exception;

    void putPosition(String account, Position position) throws Exception;

    void removePosition(String account) throws Exception;

    /** All positions by account, in no order. A copy. */
    Map<String, Position> positions() throws Exception;

    /** Trades that wait under a key, in order of arrival. */
    List<Trade> waiting(String orderKey) throws Exception;

    /** All trades that wait, by key. A copy. */
    Map<String, List<Trade>> waiting() throws Exception;

    /** Replaces the trades that wait under a key; an empty list removes the key. */
    void putWaiting(String orderKey, List<Trade> trades) throws Exception;
}
