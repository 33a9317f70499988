/**
 * The commands for people: demo, audit, query.
 */
package io.qaexchange.job.demo;
