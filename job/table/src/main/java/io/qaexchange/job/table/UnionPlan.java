package io.qaexchange.job.table;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts that are left to hand out. Immutable.
 *
 * @param isMade whether the parts are known; they are found once for each query
 * @param left in the order in which they are handed out
 */
record UnionPlan(boolean isMade, ArrayList<UnionSplit> left) implements Serializable {

    private static final long serialVersionUID = 1L;

    static UnionPlan of(boolean isMade, List<UnionSplit> left) {
        return new UnionPlan(isMade, new ArrayList<>(left));
    }
}
