package io.qaexchange.job.model.book;

/** An amount is larger than any that makes sense; thrown before anything is booked. */
final class AmountOutOfRangeException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    AmountOutOfRangeException(String amount) {
        super(amount + " is beyond 10^12");
    }
}
