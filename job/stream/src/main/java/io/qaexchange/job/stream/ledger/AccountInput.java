package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.book.AccountSums;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Input of the account operator: sums to add, or an event about the money of an account. Immutable; the sums must not be changed.
 *
 * @param account whose
 * @param day trading day, yyyymmdd
 * @param sums to add, null with an event
 * @param event null with sums
 */
public record AccountInput(String account, int day, @Nullable AccountSums sums, @Nullable IncomingEvent event) {

    /** Writes account, day, and sums or event after a byte that says which. */
    public static final class Serializer extends ImmutableSerializer<AccountInput> {
        private static final long serialVersionUID = 1L;

        private final IncomingEvent.Serializer events = new IncomingEvent.Serializer();

        public Serializer() {
            super(AccountInput.class);
        }

        @Override
        public void serialize(AccountInput input, DataOutputView target) throws IOException {
            target.writeUTF(input.account);
            target.writeInt(input.day);
            target.writeBoolean(input.event != null);
            if (input.event != null) {
                events.serialize(input.event, target);
            } else {
                input.sums.write(target);
            }
        }

        @Override
        public AccountInput deserialize(DataInputView source) throws IOException {
            String account = source.readUTF();
            int day = source.readInt();
            return source.readBoolean() ? new AccountInput(account, day, null, events.deserialize(source))
                    : new AccountInput(account, day, AccountSums.read(source), null);
        }

        @Override
        public TypeSerializerSnapshot<AccountInput> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<AccountInput> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
