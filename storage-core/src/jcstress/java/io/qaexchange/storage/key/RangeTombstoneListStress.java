package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Slice;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Two threads ask a list that was never asked before; each may find what the other has made to answer sooner. */
@JCStressTest
@State
@Outcome(id = "3, 7", expect = Expect.ACCEPTABLE, desc = "both see their deletions")
@Outcome(expect = Expect.FORBIDDEN, desc = "a deletion was overlooked")
public class RangeTombstoneListStress {
    private static final String DELETIONS = IntStream.range(0, 9).mapToObj(i -> "[" + i + "a," + i + "c)#" + i).collect(Collectors.joining(" "));

    private final RangeTombstoneList list = RangeTombstoneList.parse(DELETIONS);

    @Actor
    public void one(JJ_Result result) {
        result.r1 = list.newestCovering(Slice.ofUtf8("3b"), 9);
    }

    @Actor
    public void other(JJ_Result result) {
        result.r2 = list.newestCovering(Slice.ofUtf8("7b"), 9);
    }
}
