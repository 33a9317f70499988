/**
 * The engine's public API: {@link io.qaexchange.storage.Store} and what it speaks of. Nothing here knows how the engine works inside;
 * {@code io.qaexchange.storage.engine.LsmStore} opens one. Writes no files.
 */
package io.qaexchange.storage;
