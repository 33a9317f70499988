/**
 * Layout of the ledger's keyed state: names of the states and the bytes of their values.
 */
package io.qaexchange.job.model.ledger;
