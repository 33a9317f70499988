/**
 * The arithmetic of the ledger: orders, positions and money, in whole numbers, without Flink. What state is kept in and where changes go
 * is behind two small interfaces, so that a test can use plain collections.
 */
package io.qaexchange.job.model.book;
