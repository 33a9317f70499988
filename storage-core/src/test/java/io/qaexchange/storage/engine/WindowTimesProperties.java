package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** From when to when a window goes, against the division that tells which window a time lies in. */
class WindowTimesProperties {
    @Property(tries = 1000)
    void aTimeLiesInItsOwnWindowAndInNoOther(@ForAll long time, @ForAll @LongRange(min = 1) long width) {
        long number = Math.floorDiv(time, width);
        assertThat(time).isBetween(FamilyFiles.firstTime(number, width), FamilyFiles.lastTime(number, width));
        if (FamilyFiles.firstTime(number, width) > Long.MIN_VALUE) {
            assertThat(FamilyFiles.lastTime(number - 1, width)).isEqualTo(FamilyFiles.firstTime(number, width) - 1);
        }
        if (FamilyFiles.lastTime(number, width) < Long.MAX_VALUE) {
            assertThat(FamilyFiles.firstTime(number + 1, width)).isEqualTo(FamilyFiles.lastTime(number, width) + 1);
        }
    }
}
