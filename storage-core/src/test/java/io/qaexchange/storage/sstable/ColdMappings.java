package io.qaexchange.storage.sstable;

import io.qaexchange.storage.vfs.MappedRegion;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.BooleanSupplier;

/** A file system whose mappings say what a test wants about being in memory. */
final class ColdMappings {
    private final BooleanSupplier isInMemory;

    private ColdMappings(BooleanSupplier isInMemory) {
        this.isInMemory = isInMemory;
    }

    /** @param isInMemory is asked each time */
    static Vfs of(Vfs vfs, BooleanSupplier isInMemory) {
        return new ColdMappings(isInMemory).wrap(Vfs.class, vfs);
    }

    private <T> T wrap(Class<T> type, T wrapped) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            if (method.getName().equals("isInMemory")) {
                return isInMemory.getAsBoolean();
            }
            try {
                Object result = method.invoke(wrapped, arguments);
                return result instanceof ReadableFile file ? wrap(ReadableFile.class, file)
                        : result instanceof MappedRegion region ? wrap(MappedRegion.class, region) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }
}
