package io.qaexchange.s3;

import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.objects.ObjectStoreProvider;
import java.net.URI;

/** Opens {@code s3://bucket/prefix}. */
public final class S3StoreProvider implements ObjectStoreProvider {

    @Override
    public String scheme() {
        return "s3";
    }

    @Override
    public ObjectStore open(URI uri) {
        return S3Store.open(uri);
    }
}
