/**
 * Events and dead letters as elements of a Flink stream, with their serializers. The rest of the module does not see Flink.
 *
 * <p>Names of this package's classes stand in savepoints: neither the package nor a class in it is ever renamed.
 */
package io.qaexchange.events.flink;
