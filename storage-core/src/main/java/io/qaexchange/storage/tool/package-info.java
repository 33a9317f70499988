/**
 * Command-line tools that look at the engine's files, whole or damaged. They read only. Write no files.
 */
package io.qaexchange.storage.tool;
