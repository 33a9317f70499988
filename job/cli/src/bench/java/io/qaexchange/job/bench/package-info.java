/**
 * The benchmark behind {@code bin/bench job}: the whole job on each backend beside the ceiling, archiving, recovery.
 */
package io.qaexchange.job.bench;
