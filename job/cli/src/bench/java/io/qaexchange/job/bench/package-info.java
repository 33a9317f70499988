/**
 * The benchmark that {@code bin/bench job} runs: the whole job on each backend beside the ceiling, archiving, recovery.
 */
package io.qaexchange.job.bench;
