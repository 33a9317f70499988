package io.qaexchange.storage.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Small line charts side by side, as SVG: rows on a logarithmic axis, costs from zero on. One thread. */
final class Chart {
    record Point(double x, double y) {}

    private static final int COLUMNS = 3;
    private static final int WIDTH = 300;
    private static final int HEIGHT = 200;
    private static final int LEFT = 52;
    private static final int TOP = 34;
    private static final int RIGHT = 24;
    private static final int BOTTOM = 28;
    private static final int LEGEND = 28;
    private static final String[] COLORS = {"#0b6e4f", "#c1440e", "#3d5a98", "#8a6d00"};

    private final List<String> names;
    private final List<String> panels = new ArrayList<>();

    /** @param names of the lines */
    Chart(List<String> names) {
        this.names = names;
    }

    void panel(String title, List<List<Point>> lines) {
        double fromX = lines.stream().flatMap(List::stream).mapToDouble(Point::x).min().orElseThrow();
        double toX = Math.max(fromX * 1.01, lines.stream().flatMap(List::stream).mapToDouble(Point::x).max().orElseThrow());
        double toY = 1.15 * lines.stream().flatMap(List::stream).mapToDouble(Point::y).max().orElseThrow();
        int left = panels.size() % COLUMNS * WIDTH + LEFT;
        int top = LEGEND + panels.size() / COLUMNS * HEIGHT + TOP;
        int width = WIDTH - LEFT - RIGHT;
        int height = HEIGHT - TOP - BOTTOM;
        StringBuilder svg = new StringBuilder();
        text(svg, left, top - 12, "start", "bold", title);
        for (int i = 0; i <= 2; i++) {
            double y = top + height - height * i / 2.0 / 1.15;
            line(svg, left, y, left + width, y, "#d8d8d8", 1);
            text(svg, left - 6, y + 4, "end", "normal", number(toY / 1.15 * i / 2));
        }
        lines.get(0).forEach(point -> text(svg, x(point, fromX, toX, left, width), top + height + 18, "middle", "normal", millions(point.x())));
        for (int i = 0; i < lines.size(); i++) {
            StringBuilder points = new StringBuilder();
            for (Point point : lines.get(i)) {
                double x = x(point, fromX, toX, left, width);
                double y = top + height - height * point.y() / toY;
                points.append(format("%.1f,%.1f ", x, y));
                svg.append(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n", x, y, COLORS[i % COLORS.length]));
            }
            svg.append(format("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n", points.toString().trim(), COLORS[i % COLORS.length]));
        }
        panels.add(svg.toString());
    }

    private static double x(Point point, double from, double to, int left, int width) {
        return left + width * Math.log(point.x() / from) / Math.log(to / from);
    }

    String svg() {
        int width = COLUMNS * WIDTH;
        int height = LEGEND + (panels.size() + COLUMNS - 1) / COLUMNS * HEIGHT;
        StringBuilder svg = new StringBuilder();
        svg.append(format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                + "font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n", width, height, width, height));
        for (int i = 0; i < names.size(); i++) {
            int at = LEFT + i * 160;
            line(svg, at, 18, at + 22, 18, COLORS[i % COLORS.length], 3);
            text(svg, at + 28, 22, "start", "normal", names.get(i));
        }
        text(svg, width - RIGHT, 22, "end", "normal", "by number of rows");
        panels.forEach(svg::append);
        return svg.append("</svg>\n").toString();
    }

    private static void line(StringBuilder svg, double fromX, double fromY, double toX, double toY, String color, int width) {
        svg.append(format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%d\"/>%n", fromX, fromY, toX, toY, color, width));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String weight, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
        svg.append(format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-weight=\"%s\" fill=\"#222\">%s</text>%n", x, y, anchor, weight, escaped));
    }

    private static String number(double value) {
        return value >= 100 ? format("%.0f", value) : value >= 10 ? format("%.1f", value) : format("%.2f", value);
    }

    private static String millions(double rows) {
        return rows >= 1e6 ? format("%.0f M", rows / 1e6) : format("%.1f M", rows / 1e6);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
