/** JMH for the memtable: {@code docs/design/0001-memtable.md} has the figures. */
package io.qaexchange.storage.memtable;
