// CHECK stops the process on a broken invariant of our own (never on peer data): always on.
#pragma once

namespace gatepost {
[[noreturn]] void check_failed(const char* file, int line, const char* what);
}  // namespace gatepost

#define GATEPOST_CHECK(condition)                                     \
    do {                                                              \
        if (!(condition)) [[unlikely]]                                \
            ::gatepost::check_failed(__FILE__, __LINE__, #condition); \
    } while (false)
