/**
 * From a finished local Parquet file to a published file of the archive: Flink's file sink moves it, a publisher behind
 * it adds it to the manifest. docs/design/0002 says why it is built this way.
 */
package io.qaexchange.archive.sink;
