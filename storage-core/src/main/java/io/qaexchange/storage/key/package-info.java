/**
 * Keys as the engine orders them: the user's bytes, unsigned, then the trailer (sequence number and kind) with the newest first; ranges
 * of keys; deletions of ranges. Writes no files.
 */
package io.qaexchange.storage.key;
