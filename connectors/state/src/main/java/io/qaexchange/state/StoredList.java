package io.qaexchange.state;

import java.io.IOException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The elements of a stored list, decoded when someone first looks at them: who asks only whether there is a list does not pay for them.
 * Numbers are decoded one by one, where someone looks, until the list is changed. Changes of it are not stored. One thread, the task
 * thread.
 */
final class StoredList<E> extends AbstractList<E> {
    private final String state;
    private final TypeSerializer<E> serializer;
    /** Null unless elements can be read where they lie: then each with a delimiter after it, but for the last. */
    @Nullable
    private final FixedWidth<E> fixed;
    private final int stride;
    /** Null once {@link #elements} is there. */
    private byte[] stored;
    private List<E> elements;

    /**
     * @param fixed of the same elements; null if their serializer has none
     * @param stored the elements' bytes, a delimiter between them; not changed by anyone any more
     */
    StoredList(String state, TypeSerializer<E> serializer, @Nullable FixedWidth<E> fixed, byte[] stored) {
        this.state = state;
        this.serializer = serializer;
        stride = fixed == null ? 0 : fixed.bytes() + 1;
        // Bytes that cannot be such a list are left to the serializer, which says what is wrong with them.
        this.fixed = fixed != null && (stored.length + 1) % stride == 0 ? fixed : null;
        this.stored = stored;
    }

    private boolean isRaw() {
        return elements == null && fixed != null;
    }

    private List<E> elements() {
        if (elements == null) {
            try {
                elements = decode();
            } catch (IOException e) {
                throw new FlinkRuntimeException("elements of state " + state + " could not be read", e);
            }
            stored = null;
        }
        return elements;
    }

    private List<E> decode() throws IOException {
        DataInputDeserializer input = new DataInputDeserializer(stored);
        ArrayList<E> decoded = new ArrayList<>();
        while (input.available() > 0) {
            decoded.add(serializer.deserialize(input));
            if (input.available() > 0) {
                input.skipBytesToRead(1);
                if (decoded.size() == 1) {
                    // As many as there are if all are as long as the first.
                    decoded.ensureCapacity(1 + stored.length / input.getPosition());
                }
            }
        }
        return decoded;
    }

    @Override
    public boolean isEmpty() {
        return elements == null ? stored.length == 0 : elements.isEmpty();
    }

    @Override
    public int size() {
        return isRaw() ? (stored.length + 1) / stride : elements().size();
    }

    @Override
    public E get(int index) {
        return isRaw() ? fixed.read(stored, Objects.checkIndex(index, size()) * stride) : elements().get(index);
    }

    @Override
    public E set(int index, E element) {
        return elements().set(index, element);
    }

    @Override
    public void add(int index, E element) {
        elements().add(index, element);
    }

    @Override
    public E remove(int index) {
        return elements().remove(index);
    }

    @Override
    public Iterator<E> iterator() {
        return isRaw() ? new RawIterator() : elements().iterator();
    }

    @Override
    public ListIterator<E> listIterator(int index) {
        return elements().listIterator(index);
    }

    /** Walks the elements as they were when it began, until one is removed through it. */
    private final class RawIterator implements Iterator<E> {
        private final FixedWidth<E> width = fixed;
        private final byte[] bytes = stored;
        private int at;
        /** Takes over with the first removal. */
        private Iterator<E> removing;

        @Override
        public boolean hasNext() {
            return removing == null ? at < bytes.length : removing.hasNext();
        }

        @Override
        public E next() {
            if (removing != null) {
                return removing.next();
            }
            int now = at;
            if (now >= bytes.length) {
                throw new NoSuchElementException();
            }
            at = now + stride;
            return width.read(bytes, now);
        }

        @Override
        public void remove() {
            if (removing == null) {
                if (at == 0) {
                    throw new IllegalStateException("remove() must follow next()");
                }
                removing = elements().listIterator(at / stride - 1);
                removing.next();
            }
            removing.remove();
        }
    }
}
