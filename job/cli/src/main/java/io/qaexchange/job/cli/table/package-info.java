/** {@code bin/table}: the archive as Apache Iceberg tables. */
package io.qaexchange.job.cli.table;
