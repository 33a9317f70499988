/**
 * Dead letters as the server shows them. Where they lie is not known here: whoever starts the server gives a {@link
 * io.qaexchange.job.server.letters.DeadLetterSource}, so the server itself needs no Kafka.
 */
package io.qaexchange.job.server.letters;
