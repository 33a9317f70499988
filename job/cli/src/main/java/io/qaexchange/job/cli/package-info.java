/**
 * The commands of {@code bin/}: one class each, in a package for each purpose.
 */
package io.qaexchange.job.cli;
