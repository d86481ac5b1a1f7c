#include "storage/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace gatepost {

void check_failed(const char* file, int line, const char* what) {
    std::fprintf(stderr, "gatepost: broken invariant at %s:%d: %s\n", file, line, what);
    std::abort();
}

}  // namespace gatepost
