/*
 * test_bus.c -- which unit is asked what, and when: a bus with made-up answers in virtual time, and
 * once with its thread.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/test_maps.h"
#include "tests/support/virtual_daemon.h"

#define LOG_MAX 512

struct asked {
    int64_t at_ns;
    uint8_t unit;
    uint8_t work;
    uint8_t what;
    bool probe;
    uint16_t area, addr, value;
    uint16_t blocks;
};

static struct vd d;
static struct asked asked[LOG_MAX];
static size_t asked_count;
static uint16_t input[2][32]; /* registers of units 1 and 2 */
static enum vg_status poll_status[2];
static enum vg_status write_status;
static uint8_t write_exception;
static bool refuse_fill;
static bool simulated;
static int64_t slow_ns; /* age of an answer */

static void fill(const struct vg_bus_job *job, struct vg_bus_done *done)
{
    for (uint16_t i = 0; i < job->blocks.count; i++) {
        const struct vg_block *b = &job->blocks.of[i];
        if (refuse_fill && b->has_fill) {
            done->refused |= 1u << i;
            done->exception = 2;
            continue;
        }
        for (uint16_t k = 0; k < b->count && b->addr + k < 32; k++) {
            done->poll.regs[b->at + k] = input[job->unit - 1][b->addr + k];
        }
        done->poll.ok |= 1u << i;
    }
}

static void run_fake(struct vg_modbus_link *l, const struct vg_bus_job *job,
                     struct vg_bus_done *done)
{
    (void)l;
    memset(done, 0, sizeof *done);
    done->index = job->index;
    done->work = job->work;
    done->what = job->what;
    done->simulated = simulated;
    done->sent_ns = d.now.mono_ns - slow_ns;
    assert_true(asked_count < LOG_MAX);
    asked[asked_count++] = (struct asked){ d.now.mono_ns - VD_MONO0_NS,
                                           job->unit,
                                           job->work,
                                           job->what,
                                           job->probe,
                                           job->area,
                                           job->addr,
                                           job->value,
                                           job->blocks.count };
    if (job->work == VG_BUS_WRITE) {
        done->status = (int8_t)write_status;
        done->exception = write_exception;
        return;
    }
    done->status = (int8_t)poll_status[job->unit - 1];
    if (done->status == VG_OK) {
        fill(job, done);
        input[job->unit - 1][5]++; /* the counter of samples */
    }
}

static void use_fake(struct vigild *v)
{
    v->test_modbus = run_fake;
}

static void begin(int units)
{
    static const uint16_t good[] = { 97, 72, 350, 1, 0, 1, 5 };
    asked_count = 0;
    memset(input, 0, sizeof input);
    memset(poll_status, 0, sizeof poll_status);
    write_status = VG_OK;
    write_exception = 0;
    refuse_fill = false;
    simulated = false;
    slow_ns = 0;
    vd_init(&d);
    (void)vd_add_bed(&d, "bed-1");
    test_map_vm2(&d.config.maps[0]);
    d.config.map_count = 1;
    for (int i = 0; i < units; i++) {
        memcpy(input[i], good, sizeof good);
        for (int a = 17; a < 24; a++) {
            input[i][a] = a == 21 ? 0 : a == 23 ? 0 : 0xffff;
        }
        (void)vd_add_unit(&d, i == 0 ? "vm-1" : "vm-2", (uint8_t)(i + 1), 0);
    }
    assert_int_equal(vd_start_with(&d, use_fake), VG_OK);
}

static int end(void **state)
{
    (void)state;
    vd_fini(&d);
    return 0;
}

static void at(double s)
{
    vd_run_until(&d, (int64_t)(s * 1e9));
}

static size_t count(uint8_t unit, uint8_t work, double from_s, double to_s)
{
    size_t n = 0;
    for (size_t i = 0; i < asked_count; i++) {
        double t = (double)asked[i].at_ns / 1e9;
        n += asked[i].unit == unit && asked[i].work == work && t >= from_s && t < to_s ? 1u : 0u;
    }
    return n;
}

static enum vg_port_state port(uint16_t device)
{
    return (enum vg_port_state)d.v->engine.devices[device].port;
}

static void test_bus__polls_on_a_grid_and_says_what_it_reads(void **state)
{
    (void)state;
    begin(1);
    at(10.5);
    assert_int_equal(count(1, VG_BUS_POLL, 0, 10.5), 11);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    struct vg_event ev;
    assert_true(vg_engine_vital(&d.v->engine, 0, VG_VITAL_SPO2, d.now.mono_ns, &ev));
    assert_int_equal(ev.u.reading.value_milli, 97000);
    assert_int_equal(d.v->engine.devices[0].flags, 0);
}

static void test_bus__an_answer_is_as_old_as_its_question(void **state)
{
    (void)state;
    begin(1);
    slow_ns = 200 * VG_NS_PER_MS;
    at(2);
    struct vg_event ev;
    assert_true(vg_engine_vital(&d.v->engine, 0, VG_VITAL_SPO2, d.now.mono_ns, &ev));
    assert_true(ev.u.reading.age_ns >= slow_ns);
}

static void test_bus__marks_a_simulated_line(void **state)
{
    (void)state;
    begin(1);
    simulated = true;
    at(2);
    assert_int_equal(d.v->engine.devices[0].flags, VG_FLAG_TEST);
}

static void test_bus__enables_a_unit_when_it_is_there_and_after_each_fault(void **state)
{
    (void)state;
    begin(1);
    at(3);
    assert_int_equal(count(1, VG_BUS_WRITE, 0, 3), 1);
    assert_int_equal(asked[1].work, VG_BUS_WRITE);
    assert_int_equal(asked[1].area, VG_AREA_COIL);
    assert_int_equal(asked[1].addr, 3);
    assert_int_equal(asked[1].value, 1);
    poll_status[0] = VG_ERR_TIMEOUT;
    at(6);
    poll_status[0] = VG_OK;
    at(12);
    assert_int_equal(count(1, VG_BUS_WRITE, 6, 12), 1);
}

/* Three time-outs, then only every two seconds; the first answer must prove itself. */
static void test_bus__a_silent_unit_costs_little(void **state)
{
    (void)state;
    begin(1);
    at(3.5);
    poll_status[0] = VG_ERR_TIMEOUT;
    at(4.5);
    assert_int_equal(port(0), VG_PORT_SILENT);
    at(30);
    size_t n = count(1, VG_BUS_POLL, 10, 30);
    assert_true(n >= 9 && n <= 11);
    assert_true(asked[asked_count - 1].probe);
    poll_status[0] = VG_OK;
    at(33);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    assert_false(asked[asked_count - 1].probe);
}

static void test_bus__a_silent_unit_does_not_slow_its_neighbour(void **state)
{
    (void)state;
    begin(2);
    at(2);
    poll_status[0] = VG_ERR_TIMEOUT;
    at(12);
    assert_int_equal(port(0), VG_PORT_SILENT);
    assert_int_equal(port(1), VG_PORT_ONLINE);
    size_t n = count(2, VG_BUS_POLL, 2, 12);
    assert_true(n >= 9 && n <= 11);
    assert_int_equal(d.v->bus_count, 1); /* one line, one bus */
}

static void test_bus__a_lost_line_is_tried_every_second(void **state)
{
    (void)state;
    begin(1);
    poll_status[0] = VG_ERR_LOST;
    at(0.5);
    assert_int_equal(port(0), VG_PORT_BACKOFF);
    at(10.5);
    size_t n = count(1, VG_BUS_POLL, 0.5, 10.5);
    assert_true(n >= 9 && n <= 11);
    poll_status[0] = VG_OK;
    at(12);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    assert_int_equal(vd_record(&d, "SELECT count(*) FROM device_state WHERE state = 'backoff'"), 1);
}

static void test_bus__reads_without_unused_registers_after_a_refusal(void **state)
{
    (void)state;
    begin(1);
    struct vg_point *p = &d.v->config.maps[0].points[0];
    bool filled = false;
    for (uint16_t i = 0; i < d.v->units[0].blocks.count; i++) {
        filled = filled || d.v->units[0].blocks.of[i].has_fill;
    }
    assert_non_null(p);
    refuse_fill = true;
    d.v->units[0].blocks.of[0].has_fill = true; /* as a map with holes would have it */
    at(3.5);
    assert_true(d.v->units[0].no_fill);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    refuse_fill = filled;
    at(5);
    assert_int_equal(d.v->engine.devices[0].fresh[VG_VITAL_SPO2].state, VG_FRESH_FRESH);
}

static const char *cuff(const char *what, const char *id)
{
    static char text[200];
    (void)snprintf(text, sizeof text,
                   "{\"op\":\"nibp_%s\",\"request_id\":\"%s\",\"bed\":\"bed-1\",\"operator\":"
                   "\"nurse\",\"device\":\"vm-1\"}",
                   what, id);
    return vd_ask(&d, text);
}

static enum vg_nibp_state determination(void)
{
    return (enum vg_nibp_state)d.v->engine.devices[0].nibp.state;
}

static void test_bus__starts_once_and_polls_faster_while_measuring(void **state)
{
    (void)state;
    begin(1);
    at(3.2);
    assert_non_null(strstr(cuff("start", "1"), "\"ok\":true"));
    assert_int_equal(asked[asked_count - 1].what, VG_REQ_NIBP_START);
    assert_int_equal(asked[asked_count - 1].addr, 0);
    input[0][16] = 1; /* inflating */
    input[0][21] = 120;
    at(8.2);
    assert_int_equal(determination(), VG_NS_INFLATING);
    size_t n = count(1, VG_BUS_POLL, 4.2, 8.2);
    assert_true(n >= 7 && n <= 9);
    input[0][16] = 4; /* done */
    input[0][17] = 120;
    input[0][18] = 80;
    input[0][19] = 93;
    input[0][20] = 70;
    input[0][22] = 0;
    input[0][24] = 1;
    at(11);
    assert_int_equal(vd_record(&d, "SELECT sys_mmhg FROM nibp WHERE error = 'ok'"), 120);
    assert_int_equal(count(1, VG_BUS_WRITE, 3.1, 11), 1);
}

static void test_bus__tells_what_the_unit_answered_to_a_start(void **state)
{
    static const struct {
        uint8_t exception;
        const char *error;
    } rows[] = { { 6, "not_ready_busy" }, { 4, "start_failed" } };
    char sql[96];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(1);
        at(3.2);
        write_status = VG_ERR_STATE;
        write_exception = rows[i].exception;
        (void)cuff("start", "1");
        at(4);
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM nibp WHERE error = '%s'",
                       rows[i].error);
        assert_int_equal(vd_record(&d, sql), 1);
        vd_fini(&d);
    }
    begin(1);
    at(3.2);
    write_status = VG_ERR_STATE;
    write_exception = 5; /* accepted, takes long */
    (void)cuff("start", "1");
    assert_int_equal(determination(), VG_NS_INFLATING);
    write_exception = 4;
    input[0][16] = 1;         /* it inflates on */
    (void)cuff("abort", "2"); /* refused: said in the log; asked again by the machine */
    at(6);
    assert_true(count(1, VG_BUS_WRITE, 3.2, 6) >= 3);
}

/* Nobody knows whether the start arrived: it is not repeated, and aborted when the line is back. */
static void test_bus__a_start_that_got_lost_is_aborted(void **state)
{
    (void)state;
    begin(1);
    at(3.2);
    write_status = VG_ERR_TIMEOUT;
    poll_status[0] = VG_ERR_TIMEOUT;
    (void)cuff("start", "1");
    at(5);
    assert_int_equal(determination(), VG_NS_ABORTING);
    size_t before = asked_count;
    write_status = VG_OK;
    poll_status[0] = VG_OK;
    at(9);
    bool aborted = false;
    for (size_t i = before; i < asked_count; i++) {
        assert_false(asked[i].work == VG_BUS_WRITE && asked[i].what == VG_REQ_NIBP_START);
        aborted = aborted || (asked[i].work == VG_BUS_WRITE && asked[i].what == VG_REQ_NIBP_ABORT);
    }
    assert_true(aborted);
}

static void test_bus__an_abort_takes_back_a_start_that_waits(void **state)
{
    (void)state;
    begin(1);
    at(3.2);
    size_t before = asked_count;
    d.v->buses[0].busy = true; /* a long poll is under way */
    assert_int_equal(vg_bus_request(d.v, 0, VG_REQ_NIBP_START), VG_OK);
    assert_int_equal(vg_bus_request(d.v, 0, VG_REQ_NIBP_ABORT), VG_OK);
    assert_int_equal(vg_bus_request(d.v, 0, VG_REQ_NIBP_RESULT), VG_OK); /* comes by itself */
    vd_settle(&d);
    assert_int_equal(asked_count, before);
    d.v->buses[0].busy = false;
    vg_bus_run_due(d.v);
    vd_settle(&d);
    assert_int_equal(asked_count, before + 1);
    assert_int_equal(asked[before].what, VG_REQ_NIBP_ABORT);
}

static void test_bus__units_on_different_lines_have_buses_of_their_own(void **state)
{
    (void)state;
    begin(2);
    vd_stop(&d);
    (void)snprintf(d.config.devices[1].link.target, sizeof d.config.devices[1].link.target,
                   "other");
    asked_count = 0;
    assert_int_equal(vd_start_with(&d, use_fake), VG_OK);
    assert_int_equal(d.v->bus_count, 2);
    int64_t t0 = vd_now(&d);
    vd_run_until(&d, t0 + 3 * VG_NS_PER_S);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    assert_int_equal(port(1), VG_PORT_ONLINE);
}

static void test_bus__works_with_its_thread(void **state)
{
    (void)state;
    begin(1);
    at(1);
    d.v->buses[0].first = VG_DEVICE_NONE;
    (void)snprintf(d.v->config.devices[0].link.target, sizeof d.v->config.devices[0].link.target,
                   "threaded");
    d.v->inline_workers = false;
    d.v->engine.devices[0].port = VG_PORT_CLOSED;
    assert_int_equal(vg_bus_add(d.v, 0), VG_OK);
    struct vg_bus *b = &d.v->buses[1];
    vg_bus_run_due(d.v);
    assert_true(b->busy);
    struct pollfd p = { .fd = b->worker.done_fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 10000), 1);
    vd_settle(&d);
    assert_int_equal(port(0), VG_PORT_ONLINE);
    vg_bus_stop_all(d.v);
    vg_bus_stop_all(d.v);
    d.v->inline_workers = true;
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(test_bus__polls_on_a_grid_and_says_what_it_reads),
        T(test_bus__an_answer_is_as_old_as_its_question),
        T(test_bus__marks_a_simulated_line),
        T(test_bus__enables_a_unit_when_it_is_there_and_after_each_fault),
        T(test_bus__a_silent_unit_costs_little),
        T(test_bus__a_silent_unit_does_not_slow_its_neighbour),
        T(test_bus__a_lost_line_is_tried_every_second),
        T(test_bus__reads_without_unused_registers_after_a_refusal),
        T(test_bus__starts_once_and_polls_faster_while_measuring),
        T(test_bus__tells_what_the_unit_answered_to_a_start),
        T(test_bus__a_start_that_got_lost_is_aborted),
        T(test_bus__an_abort_takes_back_a_start_that_waits),
        T(test_bus__units_on_different_lines_have_buses_of_their_own),
        T(test_bus__works_with_its_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
