/**
 * From what a crash left in a folder to the state of the store: manifest, then log. Cuts torn tails; refuses damage. Writes no files
 * of its own.
 */
package io.qaexchange.storage.recovery;
