/*
 * route.c -- every path that is answered, as one table; and the page itself, which is in the
 * program.
 *
 * gen/dashboard/assets.h is made from web/ by web/build.mjs.
 */
#include <string.h>

#include "dashboard/dashboard.h"
#include "gen/dashboard/assets.h"

static enum MHD_Result get_file(struct dashboard *d, struct MHD_Connection *c,
                                const struct asset *a)
{
    const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");
    bool packed = accept != NULL && strstr(accept, "gzip") != NULL;
    (void)d;
    return packed ? dash_send(c, a->type, a->packed, a->packed_len, "gzip", a->etag)
                  : dash_send(c, a->type, a->plain, a->plain_len, NULL, a->etag);
}

#define FILE_ROUTE(name, index)                                                                    \
    static enum MHD_Result name(struct dashboard *d, struct MHD_Connection *c,                     \
                                struct dash_session *session)                                      \
    {                                                                                              \
        (void)session;                                                                             \
        return get_file(d, c, &assets[index]);                                                     \
    }
FILE_ROUTE(get_page, ASSET_INDEX_HTML)
FILE_ROUTE(get_script, ASSET_APP_JS)
FILE_ROUTE(get_style, ASSET_APP_CSS)
FILE_ROUTE(get_icon, ASSET_ICON_SVG)

static enum MHD_Result get_tones(struct dashboard *d, struct MHD_Connection *c,
                                 struct dash_session *session)
{
    (void)session;
    return dash_send(c, "application/json", d->tones, strlen(d->tones), NULL, NULL);
}

static const struct dash_route routes[] = {
    { "GET", "/", .get = get_page },
    { "GET", "/app.js", .get = get_script },
    { "GET", "/app.css", .get = get_style },
    { "GET", "/icon.svg", .get = get_icon },
    { "GET", "/api/tones", .get = get_tones },
    { "GET", "/api/me", .signed_in = true, .get = dash_get_me },
    { "GET", "/api/stream", .signed_in = true, .get = dash_get_stream },
    { "POST", "/api/sign-in", .post = dash_api_sign_in },
    { "POST", "/api/sign-out", .signed_in = true, .post = dash_api_sign_out },
    { "POST", "/api/screen", .signed_in = true, .post = dash_api_screen },
    { "POST", "/api/node/", .prefix = true, .signed_in = true, .post = dash_api_node },
};

static bool fits(const struct dash_route *r, const char *path)
{
    if (!r->prefix) {
        return strcmp(path, r->path) == 0;
    }
    size_t n = strlen(r->path);
    size_t id = strncmp(path, r->path, n) == 0 ? strlen(path + n) : 0;
    return id > 0 && id < VG_ID_MAX && strchr(path + n, '/') == NULL;
}

const struct dash_route *dash_route_find(const char *method, const char *path, bool *known_path)
{
    *known_path = false;
    for (size_t i = 0; i < VG_COUNT(routes); i++) {
        if (fits(&routes[i], path)) {
            *known_path = true;
            if (strcmp(method, routes[i].method) == 0) {
                return &routes[i];
            }
        }
    }
    return NULL;
}
