/*
 * api.c -- what a POST means: signing in and out, a question or a command for a daemon, the report
 * of a screen.
 *
 * A command is the member list of docs/wire.md without `operator`: who acts is known here and
 * nowhere else. Beside it may stand `who` and `pin`, who signs it, and `checker_pin`, with which the
 * second person named in `checked_by` agrees. None of these three ever leaves this program.
 *
 * Trap: a proof takes a while, and the world goes on. Everything that was checked before it is
 * checked again when the answer comes.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dashboard/dashboard.h"
#include "dashboard/op.h"

#define COOKIE_FLAGS "; Path=/; HttpOnly; Secure; SameSite=Strict"

static const char *text_of(const struct dash_request *r, const char *key)
{
    return json_string_value(json_object_get(r->json, key));
}

static int64_t now_of(const struct dash_request *r)
{
    return r->d->reactor.now.mono_ns;
}

static void reply_json(struct dash_request *r, unsigned status, json_t *body, const char *cookie)
{
    char *text = json_dumps(body, JSON_COMPACT);
    if (text == NULL) {
        dash_refuse(r, 500, "bug", "the answer could not be written");
    } else {
        dash_reply(r, status, text, strlen(text), cookie);
    }
    free(text);
    json_decref(body);
}

static void refuse_wait(struct dash_request *r, int64_t seconds)
{
    reply_json(r, 429,
               json_pack("{s:b, s:s, s:I, s:s}", "ok", 0, "error", "locked", "retry_s",
                         (json_int_t)seconds, "text", "too many tries that were wrong: wait"),
               NULL);
}

/* --- signing in ----------------------------------------------------------------------------- */

static json_t *everybody(const struct dash_people *people)
{
    json_t *list = json_array();
    for (uint16_t i = 0; i < people->count; i++) {
        const struct dash_person *p = &people->person[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:b}", "id", p->id, "name", p->name, "role",
                            dash_role_name((enum dash_role)p->role), "pin", p->pin[0] != '\0'));
    }
    return list;
}

static json_t *who_is_here(const struct dashboard *d, const struct dash_session *session,
                           const struct dash_person *person)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < d->node_count; i++) {
        const struct dash_node_options *o = d->node[i].options;
        (void)json_array_append_new(
            nodes, json_pack("{s:s, s:b, s:s}", "id", o->id, "sink", o->sink[0] != '\0', "role",
                             vg_sink_role_name((enum vg_sink_role)o->role)));
    }
    return json_pack("{s:b, s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:o}", "ok", 1, "title",
                     d->options.title, "person", person->id, "name", person->name, "role",
                     dash_role_name((enum dash_role)person->role), "shared", session->shared,
                     "token", session->csrf, "nodes", nodes, "people", everybody(&d->people));
}

enum MHD_Result dash_get_me(struct dashboard *d, struct MHD_Connection *c,
                            struct dash_session *session)
{
    json_t *body = who_is_here(d, session, dash_people_find(&d->people, session->person));
    char *text = json_dumps(body, JSON_COMPACT);
    enum MHD_Result rc = text != NULL ? dash_send_json(c, 200, text, strlen(text)) : MHD_NO;
    free(text);
    json_decref(body);
    return rc;
}

/* Jobs that are out have a place in the ring of answers. */
static bool post_job(struct dashboard *d, const struct dash_proof *job)
{
    if (d->proofs_out == VG_COUNT(d->proof_done) || !vg_worker_post(&d->hasher, job)) {
        return false;
    }
    d->proofs_out++;
    vg_worker_wake(&d->hasher);
    return true;
}

void dash_keep_sessions(struct dashboard *d, const struct dash_request *r)
{
    struct dash_proof job = { .request = r != NULL ? (uint32_t)(r - d->request) : DASH_REQUESTS_MAX,
                              .sessions = dash_signin_text(&d->signin, &d->reactor.now) };
    if (job.sessions == NULL || !post_job(d, &job)) {
        free(job.sessions);
        (void)unlink(d->sessions_file); /* rather none than one with a session that ended */
        if (r != NULL) {
            dash_api_proved(d, &job);
        }
    }
}

bool dash_prove(struct dash_request *r, const char *hash, const char *secret)
{
    struct dash_proof proof = { .request = (uint32_t)(r - r->d->request) };
    (void)snprintf(proof.hash, sizeof proof.hash, "%s", hash);
    (void)snprintf(proof.secret, sizeof proof.secret, "%s", secret);
    return post_job(r->d, &proof);
}

static uint32_t sign_in_key(const struct dash_request *r)
{
    return dash_try_key(&r->d->signin, "password", text_of(r, "person"), r->where);
}

/* A name nobody has is refused as slowly, and locked as soon, as a wrong password. */
void dash_api_sign_in(struct dash_request *r)
{
    const char *who = text_of(r, "person");
    const char *password = text_of(r, "password");
    if (who == NULL || password == NULL || strlen(who) >= VG_NAME_MAX ||
        strlen(password) >= DASH_SECRET_MAX) {
        dash_refuse(r, 400, "format", "give person and password");
        return;
    }
    int64_t wait_s = dash_try_wait_s(&r->d->signin, sign_in_key(r), now_of(r));
    const struct dash_person *p = dash_people_find(&r->d->people, who);
    if (wait_s > 0) {
        refuse_wait(r, wait_s);
    } else if (!dash_prove(r, p != NULL ? p->password : "", password)) {
        dash_refuse(r, 503, "busy", "too many people sign in at once: try again");
    }
}

static void signed_in(struct dash_request *r, bool fits)
{
    char token[DASH_TOKEN_TEXT];
    char cookie[DASH_TOKEN_TEXT + 128];
    struct dashboard *d = r->d;
    const struct dash_person *p = dash_people_find(&d->people, text_of(r, "person"));
    int64_t wait_s = dash_try_wait_s(&d->signin, sign_in_key(r), now_of(r));
    if (wait_s > 0) { /* others failed meanwhile: guessing at once is no way around the wait */
        refuse_wait(r, wait_s);
        return;
    }
    if (!fits || p == NULL) {
        dash_try_failed(&d->signin, sign_in_key(r), now_of(r));
        dash_refuse(r, 401, "sign_in", "name or password is wrong");
        return;
    }
    dash_try_succeeded(&d->signin, sign_in_key(r));
    bool shared = json_is_true(json_object_get(r->json, "shared"));
    /* Whatever cookie came along is not looked at: a session known before is never signed in. */
    struct dash_session *s = dash_session_begin(&d->signin, p, shared, now_of(r), token);
    dash_keep_sessions(d, NULL);
    (void)snprintf(cookie, sizeof cookie, "vigil=%s; Max-Age=%d" COOKIE_FLAGS, token,
                   (int)((shared ? DASH_SHARED_NS : DASH_SESSION_NS) / VG_NS_PER_S));
    reply_json(r, 200, who_is_here(d, s, p), cookie);
    sodium_memzero(token, sizeof token);
    sodium_memzero(cookie, sizeof cookie);
}

void dash_api_sign_out(struct dash_request *r)
{
    dash_session_end(r->session);
    dash_keep_sessions(r->d, r);
    dash_http_sweep(r->d);
}

static void signed_out(struct dash_request *r)
{
    static const char done[] = "{\"ok\":true}";
    dash_reply(r, 200, done, sizeof done - 1, "vigil=; Max-Age=0" COOKIE_FLAGS);
}

/* --- screens -------------------------------------------------------------------------------- */

void dash_api_screen(struct dash_request *r)
{
    static const char done[] = "{\"ok\":true}";
    if (dash_screen_report(r->d, r->serial, r->json) != VG_OK) {
        dash_refuse(r, 400, "format", "not the report of a screen");
    } else {
        dash_reply(r, 200, done, sizeof done - 1, NULL);
    }
}

/* --- commands ------------------------------------------------------------------------------- */

static void answered(void *state, enum vg_status st, const char *text, size_t len)
{
    struct dash_request *r = state;
    if (st == VG_OK) {
        dash_reply(r, 200, text, len, NULL);
    } else {
        dash_refuse(r, 504, "no_answer",
                    "the daemon does not answer: whether it was done is not known; the same "
                    "request_id may be sent again");
    }
}

/* Who signs in is at the account of the first signer, else of the session. */
static const char *operator_of(const struct dash_request *r)
{
    return r->signer_count > 0 && r->session->shared ? r->signer[0].id : r->session->person;
}

static void forward(struct dash_request *r)
{
    static const char *const ours[] = { "who", "pin", "checker_pin" };
    const struct dash_node_options *o = r->node->options;
    for (size_t i = 0; i < VG_COUNT(ours); i++) {
        (void)json_object_del(r->json, ours[i]);
    }
    r->session->acted_ns = r->op->sure != DASH_SURE_SIGNED_IN ? now_of(r) : r->session->acted_ns;
    if (r->op->command) {
        (void)json_object_set_new(r->json, "operator", json_string(operator_of(r)));
    }
    char *text = json_dumps(r->json, JSON_COMPACT);
    enum vg_status st = text == NULL ? VG_ERR_BUG
                                     : dash_ask(&r->d->asks, r->op->operate ? o->operate : o->view,
                                                text, strlen(text), answered, r);
    free(text);
    if (st == VG_ERR_RANGE) {
        dash_refuse(r, 413, "too_large", "a command has at most 4096 bytes: shorten its texts");
    } else if (st != VG_OK) {
        dash_refuse(r, 503, "busy", "too many requests under way: send it again");
    }
}

/* By the account signed in, not by the session: a new one would bring five new tries. */
static uint32_t pin_key(const struct dash_request *r, const char *who)
{
    return dash_try_key(&r->d->signin, "pin", who, r->session->person);
}

static bool may(struct dash_request *r)
{
    const struct dash_person *p = dash_people_find(&r->d->people, operator_of(r));
    if (p == NULL || p->role < r->op->role) {
        char text[96];
        (void)snprintf(text, sizeof text, "only a %s may do this",
                       dash_role_name((enum dash_role)r->op->role));
        dash_refuse(r, 403, "role", text);
        return false;
    }
    return true;
}

/* Have the next signer proved; without one, do it. */
static void sign(struct dash_request *r)
{
    if (!may(r)) {
        return;
    }
    if (r->signed_count == r->signer_count) {
        forward(r);
        return;
    }
    const struct dash_signer *s = &r->signer[r->signed_count];
    const struct dash_person *p = dash_people_find(&r->d->people, s->id);
    int64_t wait_s = dash_try_wait_s(&r->d->signin, pin_key(r, s->id), now_of(r));
    if (wait_s > 0) {
        refuse_wait(r, wait_s);
    } else if (!dash_prove(r, p != NULL ? p->pin : "", s->pin)) {
        dash_refuse(r, 503, "busy", "too many people sign at once: try again");
    }
}

static void pin_proved(struct dash_request *r, bool fits)
{
    struct dashboard *d = r->d;
    const struct dash_signer *s = &r->signer[r->signed_count];
    if (!dash_session_lives(r->session, r->serial, &d->people, now_of(r))) {
        dash_refuse(r, 401, "signed_out", "sign in first");
        return;
    }
    int64_t wait_s = dash_try_wait_s(&d->signin, pin_key(r, s->id), now_of(r));
    if (wait_s > 0) { /* as with passwords */
        refuse_wait(r, wait_s);
    } else if (!fits) {
        dash_try_failed(&d->signin, pin_key(r, s->id), now_of(r));
        dash_refuse(r, 403, r->signed_count == 0 ? "pin" : "checker_pin", "the PIN is wrong");
    } else {
        dash_try_succeeded(&d->signin, pin_key(r, s->id));
        r->signed_count++;
        sign(r);
    }
}

/* Takes who has to sign, from the command and its session; false: it was refused. */
static bool add_signer(struct dash_request *r, const char *who, const char *pin, const char *error)
{
    const struct dash_person *p = who != NULL ? dash_people_find(&r->d->people, who) : NULL;
    if (p == NULL || pin == NULL || strlen(pin) >= DASH_SECRET_MAX) {
        dash_refuse(r, 403, error, "this needs a person and a PIN");
        return false;
    }
    if (p->pin[0] == '\0') {
        dash_refuse(r, 403, "no_pin", "this person has no PIN yet: vigil-dashboard user pin NAME");
        return false;
    }
    struct dash_signer *s = &r->signer[r->signer_count++];
    (void)snprintf(s->id, sizeof s->id, "%s", who);
    (void)snprintf(s->pin, sizeof s->pin, "%s", pin);
    return true;
}

static bool is_cold(const struct dash_request *r)
{
    return r->session->shared || r->op->sure == DASH_SURE_PIN ||
           now_of(r) - r->session->acted_ns > DASH_WARM_NS;
}

static bool take_signers(struct dash_request *r)
{
    const char *who = text_of(r, "who");
    const char *checker = text_of(r, "checked_by");
    const char *checker_pin = text_of(r, "checker_pin");
    if (!r->session->shared) {
        if (who != NULL && strcmp(who, r->session->person) != 0) {
            dash_refuse(r, 403, "who", "somebody else is signed in here");
            return false;
        }
        who = r->session->person;
    }
    if (is_cold(r) && !add_signer(r, who, text_of(r, "pin"), "pin_needed")) {
        return false;
    }
    const struct dash_person *p = checker != NULL ? dash_people_like(&r->d->people, checker) : NULL;
    if (p == NULL) {
        return true; /* somebody without an account: what the operator typed, and no more */
    }
    /* A name that is an account's is that person's word, and only if it is spelled as the account's. */
    if (strcmp(p->id, checker) != 0 || p->role < DASH_NURSE) {
        dash_refuse(r, 403, "checker",
                    "give the account of a nurse or clinician, or a name that is nobody's account");
        return false;
    }
    return add_signer(r, checker, checker_pin, "checker_pin_needed");
}

static struct dash_node *find_node(struct dashboard *d, const char *id)
{
    for (size_t i = 0; i < d->node_count; i++) {
        if (strcmp(d->node[i].options->id, id) == 0) {
            return &d->node[i];
        }
    }
    return NULL;
}

void dash_api_node(struct dash_request *r)
{
    r->node = find_node(r->d, r->path_id);
    r->op = dash_op_find(text_of(r, "op"));
    if (r->node == NULL) {
        dash_refuse(r, 404, "node", "no such daemon in the configuration");
    } else if (r->op == NULL) {
        dash_refuse(r, 400, "op", "no such operation");
    } else if (json_object_get(r->json, "operator") != NULL) {
        dash_refuse(r, 400, "operator", "who acts is who is signed in");
    } else if (r->op->sure == DASH_SURE_SIGNED_IN || take_signers(r)) {
        sign(r);
    }
}

void dash_api_proved(struct dashboard *d, const struct dash_proof *proof)
{
    if (proof->request == DASH_REQUESTS_MAX) {
        return;
    }
    struct dash_request *r = &d->request[proof->request];
    if (r->connection == NULL || r->response != NULL) {
        return; /* refused meanwhile: the program stops */
    }
    if (r->route->post == dash_api_sign_out) {
        signed_out(r);
        return;
    }
    /* The secret may have been changed while it was being compared. */
    const char *who = r->op != NULL ? r->signer[r->signed_count].id : text_of(r, "person");
    const struct dash_person *p = dash_people_find(&d->people, who);
    bool still = p != NULL && strcmp(r->op != NULL ? p->pin : p->password, proof->hash) == 0;
    if (r->op != NULL) {
        pin_proved(r, proof->fits && still);
    } else {
        signed_in(r, proof->fits && still);
    }
}
