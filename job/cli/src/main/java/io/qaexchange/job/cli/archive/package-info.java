/** {@code bin/archive}: the life of archived files, beside a running job or without one. */
package io.qaexchange.job.cli.archive;
