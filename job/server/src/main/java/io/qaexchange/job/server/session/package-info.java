/**
 * Sessions of clients: what the doors (PostgreSQL wire, Flight SQL) ask of the query engine, whatever protocol they speak.
 */
package io.qaexchange.job.server.session;
