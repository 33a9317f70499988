/**
 * Which rows a user may see.
 */
package io.qaexchange.job.query.access;
