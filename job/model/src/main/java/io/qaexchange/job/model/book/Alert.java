package io.qaexchange.job.model.book;

/**
 * Something that did not fit.
 *
 * @param reason why
 * @param tradingDay of the event, yyyymmdd
 * @param eventTimeNs of the event, ns since 1970; of the settled day's last change for alerts about a day
 * @param instrument "" if none
 * @param account "" if none
 * @param orderId "" if none
 * @param tradeId "" if none
 * @param source identity of the event, "" if it is about none
 * @param sequence as {@code source}
 * @param detail figures, in words
 */
public record Alert(AlertReason reason, int tradingDay, long eventTimeNs, String instrument, String account, String orderId,
        String tradeId, String source, long sequence, String detail) {
}
