/*
 * user.c -- vigil-dashboard user ...: the accounts, from the command line of the machine.
 *
 * A secret is typed twice where nobody sees it, or is the next line of standard input when that is
 * no terminal. It is never an argument: those are seen by every process.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "dashboard/dashboard.h"

static int complain(const char *what, const char *cure)
{
    (void)fprintf(stderr, "vigil-dashboard: %s; %s\n", what, cure);
    return 1;
}

static bool read_line(char out[DASH_SECRET_MAX])
{
    if (fgets(out, DASH_SECRET_MAX, stdin) == NULL) {
        return false;
    }
    size_t n = strcspn(out, "\r\n");
    bool whole = out[n] != '\0';
    out[n] = '\0';
    return whole || n < DASH_SECRET_MAX - 1;
}

static bool ask_once(const char *prompt, char out[DASH_SECRET_MAX])
{
    struct termios before;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return read_line(out);
    }
    struct termios silent = before;
    silent.c_lflag &= (tcflag_t)~ECHO;
    (void)fprintf(stderr, "%s: ", prompt);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    bool ok = read_line(out);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    (void)fputc('\n', stderr);
    return ok;
}

static bool ask(const char *what, char out[DASH_SECRET_MAX])
{
    char again[DASH_SECRET_MAX];
    char prompt[64];
    (void)snprintf(prompt, sizeof prompt, "%s again", what);
    if (!ask_once(what, out)) {
        return false;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return true;
    }
    bool same = ask_once(prompt, again) && strcmp(out, again) == 0;
    sodium_memzero(again, sizeof again);
    return same;
}

static int set_password(struct dash_person *p)
{
    char secret[DASH_SECRET_MAX];
    if (!ask("password", secret)) {
        return complain("the password could not be read, or the two are not the same", "try again");
    }
    if (strlen(secret) < DASH_PASSWORD_MIN) {
        return complain("the password is too short", "take at least 10 characters");
    }
    enum vg_status st = dash_hash(p->password, secret);
    sodium_memzero(secret, sizeof secret);
    return st == VG_OK ? 0 : complain("not enough memory to hash it", "close something");
}

static int set_pin(struct dash_person *p)
{
    char secret[DASH_SECRET_MAX];
    if (!ask("PIN", secret)) {
        return complain("the PIN could not be read, or the two are not the same", "try again");
    }
    if (!dash_is_pin(secret)) {
        return complain("a PIN has 4 to 12 digits, not all the same", "take another");
    }
    enum vg_status st = dash_hash(p->pin, secret);
    sodium_memzero(secret, sizeof secret);
    return st == VG_OK ? 0 : complain("not enough memory to hash it", "close something");
}

/* --- verbs ---------------------------------------------------------------------------------- */

/* Secrets are asked for before the file is locked and read: a person may sit at a prompt for long. */
struct user_call {
    struct dash_people *people;
    struct dash_person *person; /* NULL: none of that id */
    struct dash_person typed;   /* password and pin, hashed */
    const char *id;
    const char *role, *name; /* options; NULL: not given */
};

static int usage(void)
{
    (void)fputs(
        "usage: vigil-dashboard user add ID [--role ROLE] [--name NAME]   asks for password "
        "and PIN\n"
        "       vigil-dashboard user passwd ID | pin ID | remove ID\n"
        "       vigil-dashboard user role ID --role ROLE\n"
        "       vigil-dashboard user list\n"
        "roles: viewer, nurse, clinician, admin\n",
        stderr);
    return 2;
}

static int set_role(struct user_call *c)
{
    if (c->role == NULL) {
        return usage();
    }
    return dash_role_read(c->role, &c->person->role)
               ? 0
               : complain("no such role", "take viewer, nurse, clinician or admin");
}

static bool is_text(const char *text)
{
    json_t *as_text = json_string(text);
    bool ok = as_text != NULL;
    json_decref(as_text);
    return ok;
}

static int add(struct user_call *c)
{
    if (c->person != NULL) {
        return complain("this id exists", "ids are never given to another person: take a new one");
    }
    if (!dash_is_person_id(c->id)) {
        return complain("not an id", "lower-case letters, digits, dots and hyphens, at most 23");
    }
    if (c->name != NULL && (strlen(c->name) >= DASH_PERSON_NAME_MAX || !is_text(c->name))) {
        return complain("the name is too long, or not UTF-8", "take at most 63 bytes");
    }
    c->person = dash_people_add(c->people, c->id);
    if (c->person == NULL) {
        return complain("256 accounts are there", "remove one");
    }
    c->role = c->role != NULL ? c->role : "viewer";
    (void)snprintf(c->person->name, sizeof c->person->name, "%s", c->name != NULL ? c->name : "");
    memcpy(c->person->password, c->typed.password, sizeof c->typed.password);
    memcpy(c->person->pin, c->typed.pin, sizeof c->typed.pin);
    return set_role(c);
}

static int passwd(struct user_call *c)
{
    memcpy(c->person->password, c->typed.password, sizeof c->typed.password);
    return 0;
}

static int pin(struct user_call *c)
{
    memcpy(c->person->pin, c->typed.pin, sizeof c->typed.pin);
    return 0;
}

static int remove_person(struct user_call *c)
{
    dash_people_remove(c->people, c->person);
    return 0;
}

static int list(const struct dash_people *people)
{
    for (uint16_t i = 0; i < people->count; i++) {
        const struct dash_person *p = &people->person[i];
        (void)printf("%-24s %-10s %-7s %s\n", p->id, dash_role_name((enum dash_role)p->role),
                     p->pin[0] != '\0' ? "pin" : "no pin", p->name);
    }
    return 0;
}

static const struct {
    const char *word;
    bool is_new;
    bool asks_password, asks_pin;
    int (*fn)(struct user_call *c);
} verbs[] = {
    /* clang-format off */
    { "add", true, true, true, add },
    { "passwd", false, true, false, passwd },
    { "pin", false, false, true, pin },
    { "role", false, false, false, set_role },
    { "remove", false, false, false, remove_person },
    /* clang-format on */
};

static bool read_options(struct user_call *c, int argc, char **argv)
{
    for (int i = 2; i < argc; i += 2) {
        const char **to = strcmp(argv[i], "--role") == 0   ? &c->role
                          : strcmp(argv[i], "--name") == 0 ? &c->name
                                                           : NULL;
        if (to == NULL || i + 1 == argc) {
            return false;
        }
        *to = argv[i + 1];
    }
    return true;
}

/* The change of one verb, on the file as it is now. */
static int change(struct user_call *c, size_t verb, const char *people_file)
{
    int lock = dash_people_lock(people_file);
    if (lock < 0) {
        return 1;
    }
    int rc = 1;
    enum vg_status st = dash_people_load(c->people, people_file);
    c->person = dash_people_find(c->people, c->id);
    if (st != VG_OK && st != VG_ERR_LOST) {
        goto done; /* said in the log */
    }
    if (c->person == NULL && !verbs[verb].is_new) {
        rc = complain("no such account", "vigil-dashboard user list");
        goto done;
    }
    rc = verbs[verb].fn(c);
    if (rc == 0 && dash_people_save(c->people, people_file) != VG_OK) {
        rc = 1;
    }
done:
    (void)close(lock);
    return rc;
}

int dash_user(const char *people_file, int argc, char **argv)
{
    static struct dash_people people;
    struct user_call c = { .people = &people, .id = argc > 1 ? argv[1] : NULL };
    if (argc < 1 || sodium_init() < 0) {
        return usage();
    }
    enum vg_status st = dash_people_load(&people, people_file);
    if (st != VG_OK && st != VG_ERR_LOST) {
        return 1;
    }
    if (strcmp(argv[0], "list") == 0) {
        return argc == 1 ? list(&people) : usage();
    }
    for (size_t i = 0; i < VG_COUNT(verbs) && c.id != NULL; i++) {
        if (strcmp(argv[0], verbs[i].word) != 0 || !read_options(&c, argc, argv)) {
            continue;
        }
        bool known = dash_people_find(&people, c.id) != NULL;
        if (!known && !verbs[i].is_new) {
            return complain("no such account", "vigil-dashboard user list");
        }
        int rc = verbs[i].asks_password ? set_password(&c.typed) : 0;
        rc = rc == 0 && verbs[i].asks_pin ? set_pin(&c.typed) : rc;
        return rc == 0 ? change(&c, i, people_file) : rc;
    }
    return usage();
}
