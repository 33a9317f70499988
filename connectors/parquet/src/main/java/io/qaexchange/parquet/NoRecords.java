package io.qaexchange.parquet;

import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;

/** For columns that are read one by one. Stateless. */
final class NoRecords extends GroupConverter {

    @Override
    public Converter getConverter(int column) {
        return new PrimitiveConverter() { };
    }

    @Override
    public void start() {
        throw new UnsupportedOperationException("no records are made");
    }

    @Override
    public void end() {
        throw new UnsupportedOperationException("no records are made");
    }
}
