/**
 * Shows that the engine loses and corrupts nothing: every crash of scripted histories on a simulated disk, every damaged byte of a
 * closed store, every failing call, and real processes that are killed. Counts go to {@code target/crash-images.txt}.
 */
package io.qaexchange.storage.crash;
