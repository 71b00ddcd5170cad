vcl 4.1;

# Varnish's own rules follow: no request with cookies is answered from the cache.
backend default {
    .host = "127.0.0.1";
    .port = "3000";
}
