package io.qaexchange.job.server.session;

/**
 * A column of a table as a door shows it.
 *
 * @param column its label and type
 * @param source the table's own column that its values come from
 */
public record TableColumn(Column column, String source) {

    /** A column that is shown as it is. */
    public static TableColumn of(String name, String type) {
        return new TableColumn(new Column(name, type), name);
    }
}
