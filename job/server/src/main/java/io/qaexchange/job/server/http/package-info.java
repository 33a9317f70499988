/**
 * The HTTP interface of the query server: routes, formats, errors, limits.
 */
package io.qaexchange.job.server.http;
