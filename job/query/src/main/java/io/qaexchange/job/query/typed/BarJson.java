package io.qaexchange.job.query.typed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import io.qaexchange.job.query.finance.Bar;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import javax.annotation.Nullable;

/** Bars as JSON, one object a line. Stateless. */
public final class BarJson {

    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();
    private static final int DATE_LENGTH = "2026-01-05".length();

    private BarJson() {
    }

    /** Writes bars; of bars of trading days the beginning is a date. */
    public static void write(List<Bar> bars, boolean ofTradingDays, OutputStream out) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.setRootValueSeparator(null);
            for (Bar bar : bars) {
                String begin = TimeText.of(bar.beginNs());
                json.writeStartObject();
                json.writeStringField("instrument", bar.instrument());
                json.writeStringField("bar", ofTradingDays ? begin.substring(0, DATE_LENGTH) : begin);
                number(json, "open", bar.open());
                number(json, "high", bar.high());
                number(json, "low", bar.low());
                number(json, "close", bar.close());
                number(json, "volume", bar.volume());
                number(json, "turnover", bar.turnover());
                number(json, "vwap", bar.vwap());
                json.writeNumberField("rows", bar.rows());
                json.writeEndObject();
                json.writeRaw('\n');
            }
        }
    }

    private static void number(JsonGenerator json, String name, @Nullable Double value) throws IOException {
        json.writeFieldName(name);
        if (value == null) {
            json.writeNull();
        } else {
            json.writeNumber(value);
        }
    }
}
