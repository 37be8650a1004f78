/*
 * compiler.h -- the few compiler attributes Vigil uses, and its two assertions.
 *
 * VG_ASSERT states a programmer's impossibility and stays on in release: a monitor whose invariant
 * is broken must stop and be restarted in seconds rather than show a wrong number. External input
 * (bytes, files, requests, clocks, disks) never meets an assertion. VG_VERIFY is for costly checks
 * and exists in test builds only.
 */
#ifndef VIGIL_COMPILER_H
#define VIGIL_COMPILER_H

#if defined(__GNUC__) || defined(__clang__)
#define VG_NODISCARD __attribute__((warn_unused_result))
#define VG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VG_NONNULL __attribute__((nonnull))
#define VG_UNREACHABLE() __builtin_unreachable()
#define VG_TRAP() __builtin_trap()
#else
#error "Vigil is built with gcc or clang"
#endif

#define VG_ASSERT(cond)                                                                            \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            VG_TRAP();                                                                             \
        }                                                                                          \
    } while (0)

#ifdef VG_TEST_BUILD
#define VG_VERIFY(cond) VG_ASSERT(cond)
#else
#define VG_VERIFY(cond) ((void)0)
#endif

#define VG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
