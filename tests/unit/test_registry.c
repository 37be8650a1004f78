/* test_registry.c -- the tables are complete, sorted, and every row keeps the driver contract. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "drivers/regmap.h"

static void test_registry__rows_are_sorted_and_complete(void **state)
{
    (void)state;
    for (size_t i = 0; vg_drivers[i] != NULL; i++) {
        const struct vg_driver *d = vg_drivers[i];

        assert_non_null(d->name);
        assert_non_null(d->title);
        assert_non_null(d->source);
        assert_non_null(d->request);
        assert_true(d->state_size <= VG_DRIVER_STATE_MAX);
        assert_true(d->silent_after_ns > d->keepalive_ns);
        assert_true(d->vitals != 0 && d->vitals < (1u << VG_VITAL_COUNT));
        assert_true(d->line.baud == 9600 && d->line.data_bits == 8);
        if (d->link == VG_LINK_BYTES) {
            assert_non_null(d->frame);
            assert_non_null(d->parse);
        }
        if (i > 0) {
            assert_true(strcmp(vg_drivers[i - 1]->name, d->name) < 0);
        }
    }
    for (size_t i = 0; vg_models[i].name != NULL; i++) {
        assert_non_null(vg_driver_find(vg_models[i].driver));
        if (i > 0) {
            assert_true(strcmp(vg_models[i - 1].name, vg_models[i].name) < 0);
        }
    }
}

static void test_registry__finds_drivers(void **state)
{
    static const char *const names[] = { "modbus", "nonin", "suntech" };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_non_null(vg_driver_find(names[i]));
        assert_string_equal(vg_driver_find(names[i])->name, names[i]);
    }
    assert_null(vg_driver_find(""));
    assert_null(vg_driver_find("noni"));
    assert_null(vg_driver_find("nonin2"));
    assert_null(vg_driver_find("Nonin"));
}

static void test_registry__finds_models(void **state)
{
    (void)state;
    assert_ptr_equal(vg_driver_find_model("Nonin Xpod 3012"), vg_driver_find("nonin"));
    assert_ptr_equal(vg_driver_find_model("SunTech Advantage A+"), vg_driver_find("suntech"));
    assert_null(vg_driver_find_model("Nonin"));
}

static void test_registry__modbus_is_registers_only(void **state)
{
    const struct vg_driver *d = vg_driver_find("modbus");
    uint8_t buf[8];
    struct vg_regmap_state st = { 0 };

    (void)state;
    assert_int_equal(d->link, VG_LINK_MODBUS);
    assert_null(d->frame);
    assert_null(d->parse);
    assert_int_equal(d->state_size, sizeof(struct vg_regmap_state));
    assert_int_equal(d->request(&st, VG_REQ_NIBP_START, buf, sizeof(buf)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry__rows_are_sorted_and_complete),
        cmocka_unit_test(test_registry__finds_drivers),
        cmocka_unit_test(test_registry__finds_models),
        cmocka_unit_test(test_registry__modbus_is_registers_only),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
