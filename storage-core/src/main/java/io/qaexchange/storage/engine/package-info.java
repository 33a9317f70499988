/**
 * The engine: alone in seeing all the other packages. {@link io.qaexchange.storage.engine.LsmStore} opens a store and hands the work
 * to the write path, the read views and the background jobs.
 */
package io.qaexchange.storage.engine;
