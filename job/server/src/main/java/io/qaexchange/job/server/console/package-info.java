/**
 * The web console: files for a browser, which asks the public HTTP interface and nothing else. The files are in the resources of this package.
 */
package io.qaexchange.job.server.console;
