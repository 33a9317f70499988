package io.qaexchange.job.server.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import javax.annotation.Nullable;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Gives the files of the console at {@code /console/}, and leads there from {@code /}. Other paths are left to the handler behind it.
 *
 * <p>The files hold no data, so no token is asked for. A strict {@code Content-Security-Policy} allows scripts, styles and requests of this server
 * only, and nothing inline: were an answer ever taken as HTML, no script in it would run.
 *
 * <p>Files are kept in memory, compressed, with a hash as entity tag. Files that are in a folder, as while the console is being changed, are read
 * each time.
 *
 * <p>Thread-safe.
 */
public final class ConsoleHandler extends Handler.Abstract {

    static final String ROOT = "/console/";
    private static final String START = "index.html";
    /** Names of files; there is no way up. */
    private static final Pattern NAME = Pattern.compile("(?:[a-z0-9-]+/)*[A-Za-z0-9-]+(?:\\.[a-z]+)+");
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final Map<String, String> TYPES = Map.of("html", "text/html;charset=utf-8", "js", "text/javascript;charset=utf-8", "css",
            "text/css;charset=utf-8", "svg", "image/svg+xml", "txt", "text/plain;charset=utf-8", "json", "application/json");

    private final Map<String, Packed> kept = new ConcurrentHashMap<>();

    /** A file, compressed. */
    private record Packed(byte[] gzip, byte[] plain, String tag) {
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws IOException {
        String path = Request.getPathInContext(request);
        boolean reads = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
        if (!reads || !path.equals("/") && !path.equals("/console") && !path.startsWith(ROOT)) {
            return false;
        }
        if (!path.startsWith(ROOT)) {
            Response.sendRedirect(request, response, callback, ROOT);
            return true;
        }
        String name = path.equals(ROOT) ? START : path.substring(ROOT.length());
        Packed file = find(name);
        if (file == null) {
            return false;
        }
        HttpFields.Mutable headers = response.getHeaders();
        headers.put("Content-Security-Policy", POLICY);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        headers.put("Cache-Control", "no-cache");
        headers.put("Vary", "Accept-Encoding");
        headers.put("ETag", file.tag());
        if (file.tag().equals(request.getHeaders().get("If-None-Match"))) {
            response.setStatus(304);
            callback.succeeded();
            return true;
        }
        headers.put("Content-Type", TYPES.get(name.substring(name.lastIndexOf('.') + 1)));
        String accepted = request.getHeaders().get("Accept-Encoding");
        boolean compressed = accepted != null && accepted.contains("gzip");
        if (compressed) {
            headers.put("Content-Encoding", "gzip");
        }
        byte[] body = compressed ? file.gzip() : file.plain();
        headers.put("Content-Length", body.length);
        response.write(true, request.getMethod().equals("HEAD") ? null : ByteBuffer.wrap(body), callback);
        return true;
    }

    @Nullable
    private Packed find(String name) throws IOException {
        Packed found = kept.get(name);
        if (found != null) {
            return found;
        }
        URL url = NAME.matcher(name).matches() && TYPES.containsKey(name.substring(name.lastIndexOf('.') + 1)) ? ConsoleHandler.class.getResource(name) : null;
        if (url == null) {
            return null;
        }
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false);
        try (InputStream in = connection.getInputStream()) {
            Packed packed = pack(in.readAllBytes());
            if (!url.getProtocol().equals("file")) {
                kept.put(name, packed);
            }
            return packed;
        }
    }

    private static Packed pack(byte[] plain) throws IOException {
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
            out.write(plain);
        }
        return new Packed(gzip.toByteArray(), plain, '"' + HexFormat.of().formatHex(sha256(plain), 0, 12) + '"');
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
