/**
 * Who may ask: tokens and roles.
 */
package io.qaexchange.job.server.security;
