/**
 * How numbers and strings are written in the engine's files: little-endian fixed width, LEB128 varints, checksums. No file of its own.
 */
package io.qaexchange.storage.encoding;
