/**
 * Object stores as the archive needs them: put if absent, read, delete. A store is found by its URI. {@code s3://} comes from module connector-s3,
 * everything else is one of Flink's file systems. Knows nothing of manifests and tables.
 */
package io.qaexchange.archive.objects;
