package io.qaexchange.state;

import java.io.IOException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The elements of a stored list, decoded when someone first looks at them: who asks only whether there is a list does not pay for them.
 * Changes of it are not stored. One thread, the task thread.
 */
final class StoredList<E> extends AbstractList<E> {
    private final String state;
    private final TypeSerializer<E> serializer;
    private byte[] stored;
    private List<E> elements;

    /** @param stored the elements' bytes, a delimiter between them; not changed by anyone any more */
    StoredList(String state, TypeSerializer<E> serializer, byte[] stored) {
        this.state = state;
        this.serializer = serializer;
        this.stored = stored;
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
        return elements().size();
    }

    @Override
    public E get(int index) {
        return elements().get(index);
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
        return elements().iterator();
    }

    @Override
    public ListIterator<E> listIterator(int index) {
        return elements().listIterator(index);
    }
}
