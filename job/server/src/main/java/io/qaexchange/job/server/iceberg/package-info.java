/** Keeps the Iceberg tables of the archive up to date while the server runs. */
package io.qaexchange.job.server.iceberg;
