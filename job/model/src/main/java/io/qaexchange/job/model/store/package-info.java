/**
 * Layout of the event store's keyed state: keys, values and the state of an instrument.
 *
 * <p>Names of this package's classes stand in savepoints: neither the package nor a class in it is ever renamed.
 */
package io.qaexchange.job.model.store;
